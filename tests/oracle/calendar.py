#!/usr/bin/env python3
"""Compares `yimen deadline --batch` with somebody else's calendar, day by day.

    tests/oracle/calendar.py PROGRAM

The oracle is PyPI's chinesecalendar (2004 to 2026), written by hand from the same notices and installed
into a temporary place. Without a package index there is nothing to compare with: the script says so and
ends with 0.
"""

import datetime
import json
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ORACLE = "chinesecalendar==1.11.0"
FIRST, LAST = datetime.date(2004, 1, 1), datetime.date(2026, 12, 31)
LIMITS = [1, 2, 3, 5, 7, 10, 20, 30, 45, 60]
DAY = datetime.timedelta(days=1)


def working_days(place: Path) -> list[datetime.date] | None:
    """Every working day as the oracle knows them; None if it is not to be had."""
    venv.create(place, with_pip=True)
    python = place / "bin" / "python"
    installed = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", ORACLE], capture_output=True, text=True
    )
    if installed.returncode != 0:
        print(f"skipped: {ORACLE} cannot be installed here ({installed.stderr.strip().splitlines()[-1:]})")
        return None
    script = (
        "import chinese_calendar, datetime\n"
        "day = datetime.date(2004, 1, 1)\n"
        "while day <= datetime.date(2026, 12, 31):\n"
        "    if chinese_calendar.is_workday(day): print(day)\n"
        "    day += datetime.timedelta(days=1)\n"
    )
    listed = subprocess.run([python, "-c", script], capture_output=True, text=True, check=True)
    return [datetime.date.fromisoformat(line) for line in listed.stdout.split()]


def main() -> int:
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as place:
        working = working_days(Path(place))
    if working is None:
        return 0
    is_working = set(working)
    questions, expected = [], []
    day, passed = FIRST, 0
    while day <= LAST:
        passed += day in is_working
        for limit in LIMITS:
            if passed + limit <= len(working):
                questions.append({"from": day.isoformat(), "days": limit})
                expected.append(working[passed + limit - 1])
            # Calendar days, rolled over what is off.
            end = day + limit * DAY
            while end <= LAST and end not in is_working:
                end += DAY
            if end <= LAST:
                questions.append({"from": day.isoformat(), "days": limit, "calendar_days": True})
                expected.append(end)
        day += DAY
    asked = "".join(json.dumps(question) + "\n" for question in questions)
    began = time.monotonic()
    answered = subprocess.run([program, "deadline", "--batch"], input=asked, capture_output=True, text=True, check=True)
    seconds = time.monotonic() - began
    answers = [json.loads(line) for line in answered.stdout.splitlines()]
    wrong = [
        (question, answer, due)
        for question, answer, due in zip(questions, answers, expected, strict=True)
        if answer != {"due": due.isoformat(), "provisional": False}
    ]
    for question, answer, due in wrong[:10]:
        print(f"differs: {question} is answered by {answer}, and is {due}")
    print(f"{len(questions) - len(wrong)} passed, {len(wrong)} failed")
    print(f"{len(questions)} deadlines in {seconds:.2f} s, {len(questions) / seconds:,.0f} per second")
    return 1 if wrong or not questions else 0


if __name__ == "__main__":
    sys.exit(main())
