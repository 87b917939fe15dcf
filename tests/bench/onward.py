"""From Approve to the next case over HTTP, as a browser does it, in turn with a plain Django view of that server."""

from __future__ import annotations

import gzip
import http.client
import re
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

Answer = tuple[int, http.client.HTTPMessage, str]
_SENT = re.compile(r'name="(\w+_digest|consent|csrfmiddlewaretoken)" value="(\w*)"')


@dataclass
class Onward:
    """What each verdict and each plain view took, in milliseconds, and what was answered."""

    took: list[float] = field(default_factory=list)
    hello: list[float] = field(default_factory=list)
    bytes: list[int] = field(default_factory=list)
    status: set[int] = field(default_factory=set)


class Browser:
    """One kept connection and the cookies of somebody who is signed in."""

    def __init__(self, url: str, session: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
        self._cookies = {"placet_session": session, "placet_then": "next"}

    def ask(
        self, method: str, path: str, sent: dict[str, str] | None = None
    ) -> tuple[int, http.client.HTTPMessage, str]:
        """One request; its status, headers and text."""
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {"Cookie": cookies, "HX-Request": "true"}
        if sent is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, path, urlencode(sent) if sent is not None else None, headers)
        answer = self._connection.getresponse()
        body = answer.read()
        for name, value in re.findall(r"(\w+)=([^;]*)", "\n".join(answer.headers.get_all("Set-Cookie") or [])):
            if name == "placet_csrf":
                self._cookies[name] = value
        return answer.status, answer.headers, body.decode()


def decide(url: str, session: str, times: int) -> Onward:
    """Approve and be shown the next case, again and again, three plain views after each."""
    browser = Browser(url, session)
    told = Onward()
    case = _case(browser.ask("GET", "/queue/next/")[1]["Location"])
    token = dict(_SENT.findall(browser.ask("GET", f"/escalations/{case}/")[2]))
    text = browser.ask("POST", f"/escalations/{case}/take/", token)[2]
    for _ in range(times):
        sent = dict(_SENT.findall(text))
        begun = time.perf_counter()
        status, headers, text = browser.ask("POST", f"/escalations/{case}/approve/", sent)
        told.took.append((time.perf_counter() - begun) * 1000)
        told.status.add(status)
        told.bytes.append(len(gzip.compress(text.encode(), 6)))
        for _ in range(3):
            begun = time.perf_counter()
            browser.ask("GET", "/livez")
            told.hello.append((time.perf_counter() - begun) * 1000)
        if "HX-Push-Url" not in headers:
            break
        case = _case(headers["HX-Push-Url"])
    return told


def _case(path: str) -> str:
    return path.split("/")[2]
