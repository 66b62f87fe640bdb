"""Asks a TensorFlow Serving for texts over REST; needs nothing but Python's standard library.

python export/client.py --url=http://localhost:8501 --model=poetry --n=3
python export/client.py --url=http://localhost:8501 --model=poetry --prompt=... --temperature=0.8 --top_p=0.9 --seed=1
"""

import argparse
import http.client
import json
import math
import sys
import urllib.error
import urllib.parse
import urllib.request


def main():
    """Prints a text a line, or with --json the whole answer of each row; the exit code is 1 where anything failed."""
    args = parse_args()
    failed = False
    try:
        for answer in ask(args):
            if answer['error']:
                failed = True
                print(f'error: {answer["error"]}', file=sys.stderr)
            if args.json or not answer['error']:
                print(json.dumps(answer, ensure_ascii=False) if args.json else answer['text'])
    except ValueError as error:
        sys.exit(f'error: {error}')
    sys.exit(int(failed))


def parse_args():
    """The command line."""
    parser = argparse.ArgumentParser(description='Asks a TensorFlow Serving for texts over REST.')
    parser.add_argument('--url', default='http://localhost:8501', help='of the server\'s REST port')
    parser.add_argument('--model', required=True, help='the name that the model is served under')
    parser.add_argument('--prompt', help='what each text starts with')
    parser.add_argument('--temperature', type=float, default=1.0, help='below 1 more likely texts, above 1 more varied ones')
    parser.add_argument('--top_k', type=int, help='draw from the k likeliest symbols only; 1 takes the likeliest; 0 for all')
    parser.add_argument('--top_p', type=float, help='draw from the fewest symbols that hold this share of the probability; 1 for all')
    parser.add_argument('--seed', type=int, default=-1, help='text i is drawn from seed + i; negative for fresh seeds, which --json shows')
    parser.add_argument('--n', type=int, default=1, help='how many texts')
    parser.add_argument('--batch_size', type=int, default=64, help='texts a request; a server that batches has a limit, max_batch_size')
    parser.add_argument('--timeout', type=float, default=30, help='seconds to wait for an answer')
    parser.add_argument('--json', action='store_true', help='print a JSON object for each text')
    return parser.parse_args()


def ask(args):
    """Yields the answer to each row, a dict.

    Raises:
        ValueError: a setting that the model would refuse, or a server that does not answer as it should.
    """
    for name, value, fits, rule in (
            ('temperature', args.temperature, 0 < args.temperature < math.inf, 'positive and finite'),
            ('top_k', args.top_k, (args.top_k or 0) >= 0, 'at least 0'),
            ('top_p', args.top_p, args.top_p is None or 0 < args.top_p <= 1, 'above 0 and at most 1'),
            ('n', args.n, args.n >= 1, 'at least 1'),
            ('batch_size', args.batch_size, args.batch_size >= 1, 'at least 1'),
            ('timeout', args.timeout, 0 < args.timeout < math.inf, 'positive and finite'),
            ('url', args.url, args.url.startswith(('http://', 'https://')), 'an address that starts with http:// or https://')):
        if not fits:
            raise ValueError(f'{name} must be {rule}. Received: {name}={value}')

    row, signature = {'temperature': args.temperature}, 'sample'
    if (args.prompt, args.top_k, args.top_p) != (None, None, None):
        signature = 'complete'
        row |= {'prompt': args.prompt or '', 'top_k': args.top_k or 0, 'top_p': 1.0 if args.top_p is None else args.top_p}
    rows = [row | {'seed': args.seed + i if args.seed >= 0 else -1} for i in range(args.n)]
    for start in range(0, args.n, args.batch_size):
        yield from predict(args.url, args.model, signature, rows[start:start + args.batch_size], args.timeout)


def predict(url, model, signature, rows, timeout):
    """The answers to rows of inputs, one dict for each.

    Raises:
        ValueError: no server, no such model, a request that the server refuses, or an answer that is not one.
    """
    address = f'{url.rstrip("/")}/v1/models/{urllib.parse.quote(model, safe="")}:predict'
    body = json.dumps({'signature_name': signature, 'instances': rows}).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(address, body, {'Content-Type': 'application/json'}), timeout=timeout) as answer:
            predictions = json.load(answer)['predictions']
    except urllib.error.HTTPError as error:
        raise ValueError(f'{address} answers {error.code}: {_reason(error)}') from None
    except (OSError, http.client.HTTPException) as error:
        raise ValueError(f'{address} must be a TensorFlow Serving. Received: {getattr(error, "reason", error)}') from None
    except (ValueError, KeyError, TypeError):
        raise ValueError(f'{address} must answer as TensorFlow Serving does. Received: something else') from None
    return predictions


def _reason(error):
    """The text of TensorFlow Serving's error answer, a JSON object with the key "error"."""
    body = error.read().decode(errors='replace')
    try:
        return json.loads(body)['error']
    except (ValueError, KeyError, TypeError):
        return body[:200]


if __name__ == '__main__':
    main()
