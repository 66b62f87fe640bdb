"""The process of one implementation: it answers the requests of compare.py, one JSON value a line.

A piece's name asks for its seconds, and 'facts' for numbers that other implementations must have
too. The answers have a pipe of their own, because an implementation may print.
"""

import json
import os
import sys
import time

AT_LEAST = 0.5  # seconds; a short piece is called as often as it takes


def serve(calls, versions, facts=None):
    """Answers until standard input ends.

    Args:
        calls: {piece: (a function that returns when the work is done, how many units that is)}.
        versions: {library: version}, the first answer.
        facts: a function -> {name: numbers}, or None.
    """
    answers = os.fdopen(int(os.environ.get('PEERS_ANSWERS', '1')), 'w')

    def answer(value):
        answers.write(json.dumps(value) + '\n')
        answers.flush()

    warm = set()
    answer(versions)
    for line in sys.stdin:
        request = json.loads(line)
        if request == 'facts':
            answer(facts() if facts else {})
            continue
        call, units = calls[request]
        if request not in warm:
            call()  # compiles
            warm.add(request)
        answer(seconds(call) / units)


def seconds(call):
    """The mean seconds of a call."""
    count, start = 0, time.perf_counter()
    while True:
        call()
        count, passed = count + 1, time.perf_counter() - start
        if passed >= AT_LEAST:
            return passed / count
