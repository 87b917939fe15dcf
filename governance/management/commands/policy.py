from __future__ import annotations

from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance import policies
from governance.backtest import MOST_DECISIONS, Backtest, backtest
from governance.beside import beside
from governance.bundle_files import Checked, checked, read_folder, write_folder
from governance.engines import chosen, opa
from governance.engines.protocol import Program
from governance.models import ActionType, BundleState, BundleVersion, Scope, ScopeKind
from governance.policy.bundles import bundle_digest
from governance.problems import Problem

_NONE = "none is active, name one by --version"


class Command(BaseCommand):
    help = "Test, plan, apply and export policy bundles, and list what governs."

    def add_arguments(self, parser: CommandParser) -> None:
        steps = parser.add_subparsers(dest="step", required=True)
        test = steps.add_parser("test", help="load a bundle's folder and run its tests")
        test.add_argument("folder", type=Path)
        plan = steps.add_parser("plan", help="what applying it would change, on the decisions that were recorded")
        plan.add_argument("folder", type=Path)
        plan.add_argument("--last", type=_last, default=1000, help=f"decide so many again, {MOST_DECISIONS} at most")
        apply = steps.add_parser("apply", help="propose it or, with --confirm, activate what somebody else proposed")
        apply.add_argument("folder", type=Path)
        apply.add_argument("--as", dest="by", required=True, help="the user name of the council member")
        apply.add_argument("--confirm", metavar="DIGEST", help="the digest that plan and the proposal printed")
        apply.add_argument("--shadow", action="store_true", help="let the proposal run beside the active version")
        export = steps.add_parser("export", help="write a stored version to a folder, byte for byte")
        export.add_argument("bundle")
        export.add_argument("folder", type=Path)
        export.add_argument("--version", dest="number", type=int, help="without it, the active version")
        export.add_argument("--stamp", action="store_true", help="add the file by which an OPA says what it has")
        retire = steps.add_parser("retire", help="ask that a bundle no longer governs; a second member does it")
        retire.add_argument("bundle")
        retire.add_argument("--as", dest="by", required=True)
        steps.add_parser("list", help="every version, what shadows said, and which engine evaluates them")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['step']}")(options)
        except Problem as problem:
            lines = [f"{place}: {sentence}" for place, sentence in problem.fields] or [problem.detail]
            raise CommandError("\n".join(lines)) from problem

    def _test(self, options: dict[str, Any]) -> None:
        found = checked(read_folder(options["folder"]))
        for package, name, result in found.report["tests"]:
            self.stdout.write(f"  {result}  {package}.{name}")
        self.stdout.write(f"{_named(found)}: {len(found.report['tests'])} tests passed. Digest {found.digest.hex()}")

    def _plan(self, options: dict[str, Any]) -> None:
        found = checked(read_folder(options["folder"]))
        now = _active(found.spec.name)
        self.stdout.write(f"{_named(found)}, digest {found.digest.hex()}")
        self.stdout.write(f"Active now: {'none' if now is None else f'version {now.number}'}.")
        for line in _files(found, now):
            self.stdout.write(f"  {line}")
        governs = [*sorted(found.spec.domains), *sorted(found.spec.action_types)]
        self.stdout.write(f"It would govern: {', '.join(governs)}.")
        for line in _unknown(found):
            self.stdout.write(f"  {line}")
        self._backtest(backtest(found, last=options["last"]))

    def _backtest(self, test: Backtest) -> None:
        self.stdout.write(f"Of the last {test.looked_at} decisions:")
        self.stdout.write(f"  {test.same} stay, {test.stricter} get stricter, {test.looser} get looser")
        for way, actions in test.examples.items():
            for action in actions:
                self.stdout.write(f"    {way}: {action}")
        for reason, count in sorted(test.not_replayable.items()):
            self.stdout.write(f"  {count} not replayable: {reason}")

    def _apply(self, options: dict[str, Any]) -> None:
        by, files = f"user:{options['by']}", read_folder(options["folder"])
        if options["confirm"] is None:
            version = policies.propose(files, by=by)
            if options["shadow"]:
                policies.set_shadow(version.pk, shadow=True, by=by)
            digest = bytes(version.digest).hex()
            self.stdout.write(f"Proposed: {version}. Another member activates it: --as NAME --confirm {digest}")
            return
        stored = BundleVersion.objects.select_related("bundle").filter(digest=bundle_digest(files)).first()
        if stored is None or stored.state == BundleState.RETIRED:
            raise CommandError("Nobody has proposed these files.")
        if stored.state == BundleState.ACTIVE:
            raise CommandError(f"{stored} is active already: by {stored.activated_by}.")
        version = policies.activate(stored.pk, digest=options["confirm"], by=by)
        self.stdout.write(f"Active: {version}.")

    def _export(self, options: dict[str, Any]) -> None:
        stored = BundleVersion.objects.filter(bundle__name=options["bundle"])
        number = options["number"]
        chosen_one = stored.filter(state=BundleState.ACTIVE.value) if number is None else stored.filter(number=number)
        version = chosen_one.first()
        if version is None:
            raise CommandError("There is no such version." if number else f"There is no such version: {_NONE}.")
        if bundle_digest(version.files) != bytes(version.digest):
            raise CommandError("The stored files are not those of the digest: nothing is written.")
        beside = write_folder(version.files, options["folder"])
        if options["stamp"]:
            digest = bytes(version.digest).hex()
            name, text = opa.stamp(Program(digest, version.bundle.name, (), ()))
            write_folder({name: text}, options["folder"])
        self.stdout.write(f"{version} is in {options['folder']}.")
        if beside:
            self.stdout.write(f"What else is there is no part of it: {', '.join(map(ascii, beside))}.")

    def _retire(self, options: dict[str, Any]) -> None:
        now = _active(options["bundle"])
        if now is None:
            raise CommandError("No version of this bundle is active.")
        version = policies.retire(now.pk, by=f"user:{options['by']}")
        done = version.state == BundleState.RETIRED
        self.stdout.write(f"Retired: {version}." if done else f"Asked: {version}. A second member retires it.")

    def _list(self, options: dict[str, Any]) -> None:
        self.stdout.write(f"Engine: {chosen.engine_name()}.")
        for version in BundleVersion.objects.select_related("bundle"):
            notes = [
                version.state,
                *(["shadow"] if version.shadow else []),
                *(["BROKEN"] if version.broken_since else []),
            ]
            self.stdout.write(f"{version}: {', '.join(notes)}, digest {bytes(version.digest).hex()}")
            found = beside(version.pk)
            if version.shadow or found.any:
                self.stdout.write(f"  beside what was active: {found}")
        if chosen.engine_name() == "none":
            self.stdout.write("Without an engine whatever an active bundle covers is PROPOSE: policy_unavailable.")


def _last(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_DECISIONS:
        return int(text)
    raise ArgumentTypeError(f"a whole number from 1 to {MOST_DECISIONS} is expected")


def _unknown(found: Checked) -> list[str]:
    """What it names and is not there: perhaps not yet, perhaps a slip of the pen, after which it governs nothing."""
    types = ActionType.objects.filter(key__in=found.spec.action_types).values_list("key", flat=True)
    domains = Scope.objects.filter(kind=ScopeKind.DOMAIN, key__in=found.spec.domains).values_list("key", flat=True)
    lines = [f"there is no domain {key}" for key in sorted(found.spec.domains.difference(domains))]
    return [*lines, *(f"there is no action type {key}" for key in sorted(found.spec.action_types.difference(types)))]


def _active(name: str) -> BundleVersion | None:
    return BundleVersion.objects.filter(bundle__name=name, state=BundleState.ACTIVE.value).first()


def _named(found: Checked) -> str:
    return f"{found.spec.name} v{found.spec.version}"


def _files(found: Checked, now: BundleVersion | None) -> list[str]:
    """One line for each file that is added, changed or gone."""
    before = {} if now is None else now.files
    lines = []
    for name in sorted({*before, *found.files}):
        if before.get(name) != found.files.get(name):
            what = "added" if name not in before else "gone" if name not in found.files else "changed"
            lines.append(f"{what}: {name}")
    return lines or ["no file differs"]
