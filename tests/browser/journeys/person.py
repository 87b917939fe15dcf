"""Somebody in front of the console, who knows of a page what is written on it."""

from __future__ import annotations

import re

from playwright.sync_api import Error, Locator, Page, expect

from tests.browser.test_pages import sideways

# A form whose answer a script still waits for.
WAITING = "form.htmx-request, button.htmx-request"


def beginning(name: str) -> re.Pattern[str]:
    """A name that begins so: a button says its key and what follows from it as well."""
    return re.compile(rf"^\s*{re.escape(name)}\b" if name[-1].isalnum() else rf"^\s*{re.escape(name)}")


class Person:
    """Presses, follows and fills by visible words and roles; whatever page that leads to is looked at."""

    def __init__(self, page: Page, address: str, *, narrow: bool, touch: bool = False) -> None:
        self.page = page
        self.address = address
        self.narrow = narrow
        self.touch = touch

    def goes(self, path: str) -> None:
        """By an address, as from a message or a bookmark."""
        self.page.goto(f"{self.address}{path}")
        self.looks()

    def follows(self, link: str) -> None:
        self._hits(self.link(link))
        self.looks()

    def presses(self, button: str, *, exactly: bool = False) -> None:
        found = self.page.get_by_role("button", name=button, exact=True) if exactly else self.button(button)
        self._hits(found)
        expect(self.page.locator(WAITING)).to_have_count(0)
        self.looks()

    def saves(self) -> None:
        """The form of the council's desk."""
        self.presses("Save", exactly=True)

    def unfolds(self, summary: str) -> None:
        self._hits(self.page.locator("summary", has_text=summary))
        self.looks()

    def chooses(self, label: str, option: str | None = None) -> None:
        """A radio button or a box to tick, or an option of a list."""
        if option is None:
            self._hits(self.page.get_by_label(label))
            expect(self.page.get_by_label(label)).to_be_checked()
        else:
            found = self.page.get_by_role("combobox", name=beginning(label))
            options = [each.strip() for each in found.locator("option").all_text_contents()]
            (chosen,) = [each for each in options if each == option] or [each for each in options if option in each]
            found.select_option(label=chosen)

    def fills(self, label: str, text: str) -> None:
        self.page.get_by_label(beginning(label)).fill(text)

    def searches(self, words: str) -> None:
        """By the field for ids that every page has."""
        field = self.page.get_by_label("Id", exact=True)
        field.fill(words)
        field.press("Enter")
        self.looks()

    def reads(self, *texts: str) -> None:
        """Each of these is to be seen, now or as soon as the page has it."""
        for text in texts:
            expect(self.page.get_by_text(text).filter(visible=True).first).to_be_visible()
        self.looks()

    def sees(self, heading: str) -> None:
        """The page of this heading."""
        expect(self.page.get_by_role("heading", level=1, name=heading, exact=True)).to_be_visible()
        self.looks()

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=beginning(name))

    def link(self, name: str) -> Locator:
        return self.page.get_by_role("link", name=beginning(name))

    def names_nowhere(self, name: str, *, but: str) -> None:
        """No element but those of one kind says this."""
        said = f"xpath=//main//*[not(self::{but})][text()[contains(., '{name}')]]"
        expect(self.page.locator(said)).to_have_count(0)

    def has_no(self, *words: str) -> None:
        """None of these words is on the page."""
        for each in words:
            expect(self.page.get_by_text(each)).to_have_count(0)

    def looks(self) -> None:
        """Nothing is to the side of a narrow page."""
        self.page.wait_for_load_state()
        if self.narrow:
            try:
                found = sideways(self.page)
            except Error:  # it was just about to lead to the next page
                self.page.wait_for_load_state()
                found = sideways(self.page)
            assert found <= 0, f"{self.page.url} is {found} px too wide"

    def _hits(self, found: Locator) -> None:
        """With the mouse, or with a finger and nothing else."""
        if self.touch:
            found.tap()
        else:
            found.click()
