"""Opens the playground.

seqgan-playground --export_dir=exports/poetry
seqgan-playground --workdir=runs/poetry --port=7861
seqgan-playground --url=http://localhost:8501 --model=poetry
"""

import argparse
import asyncio
import pathlib
import socket
import sys
from typing import Any

from seqgan_tf.running.startup import load_tensorflow

PORT = 7860
EXTRA = "pip install 'seqgan_tf[playground]'"
LOOPBACK = ['127.0.0.1', 'localhost']


def main() -> None:
    """Serves the page until it is told to end.

    Raises:
        SystemExit: with a message, if an argument is wrong, nothing can be loaded, or the port is
            taken.
    """
    parser = argparse.ArgumentParser(
        prog='seqgan-playground', description='A page to play with a trained generator.', allow_abbrev=False
    )
    parser.add_argument('--export_dir', help='an export: the directory of its versions, or of one version')
    parser.add_argument(
        '--workdir', help='the directory of a run: its curves, and without --export_dir and --url its generator'
    )
    parser.add_argument('--url', help='a running TensorFlow Serving: http://host:port of REST, or grpc://host:port')
    parser.add_argument('--model', help='with --url: the name that the model is served under')
    parser.add_argument(
        '--compare',
        metavar='SECOND',
        help='a second model: an export, a workdir, or the address of a server with the name of its model as the '
        'last part, http://host:port/NAME',
    )
    parser.add_argument('--host', default='127.0.0.1', help='the address to listen on (default: 127.0.0.1)')
    parser.add_argument('--port', type=int, default=PORT, help=f'the port to listen on (default: {PORT})')
    args = parser.parse_args()
    try:
        _check(args)
        model, compared = _model(args), _compared(args.compare)
    except (ValueError, OSError) as error:
        sys.exit(f'error: {error}')
    _serve(args, model, compared)


def _check(args: argparse.Namespace) -> None:
    """Raises ValueError where arguments conflict, a package is missing, or the port is taken."""
    if not (args.export_dir or args.workdir or args.url):
        raise ValueError('one of export_dir, workdir and url must be given. Received: none')
    if args.export_dir and args.url:
        raise ValueError(
            f'one of export_dir and url must be given. Received: export_dir={args.export_dir}, url={args.url}'
        )
    if bool(args.url) != bool(args.model):
        raise ValueError(f'url and model must be given together. Received: url={args.url}, model={args.model}')
    for address in filter(None, (args.url, args.compare if '://' in (args.compare or '') else None)):
        if not address.startswith(('http://', 'https://', 'grpc://')):
            raise ValueError(f'url must be an address of http://, https:// or grpc://. Received: url={address}')
    if not 1 <= args.port < 2**16:
        raise ValueError(f'port must be from 1 to {2**16 - 1}. Received: port={args.port}')
    try:
        import nicegui
    except ImportError:
        raise ValueError(f'the page needs the package nicegui: {EXTRA}. Received: no module nicegui') from None
    del nicegui
    try:
        family = socket.AF_INET6 if ':' in args.host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((args.host, args.port))
    except OSError as error:
        raise ValueError(f'port must be free. Received: {args.host}:{args.port} ({error.strerror})') from None


def _model(args: argparse.Namespace) -> Any:
    """The model that answers.

    Raises:
        ValueError: it cannot be loaded, or does not answer.
    """
    if args.url:
        return _served(args.url, args.model, args.workdir)
    return _in_process(args.export_dir or args.workdir)


def _compared(place: str | None) -> Any:
    """The second model, or None; raises as `_model`."""
    if place is None or '://' not in place:
        return place and _in_process(place)
    url, _, model = place.rstrip('/').rpartition('/')
    return _served(url, model, None)


def _in_process(path: str) -> Any:
    load_tensorflow()
    from seqgan_tf.playground.in_process import InProcess

    return InProcess(path)


def _served(url: str, model: str, workdir: str | None) -> Any:
    """A model behind a server, whose page needs no TensorFlow."""
    from seqgan_tf.config import Config
    from seqgan_tf.playground.served import Served

    return Served(url, model, Config.from_json(pathlib.Path(workdir, 'config.json')) if workdir else None)


def _serve(args: argparse.Namespace, model: Any, compared: Any) -> None:
    from nicegui import app, background_tasks, ui
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    from seqgan_tf.playground.melodies import add_routes
    from seqgan_tf.playground.page import page_of
    from seqgan_tf.playground.policy import ContentPolicy

    add_routes()
    app.add_middleware(ContentPolicy)
    if args.host in LOOPBACK:  # a page of another origin cannot reach it by a name that leads here
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=LOOPBACK)
    app.config.quasar_config['loadingBar']['skipHijack'] = True  # it would show requests of the connection itself
    app.on_startup(lambda: background_tasks.create(_announce(args.host, args.port)))
    workdir = pathlib.Path(args.workdir) if args.workdir else None
    ui.run(
        page_of(model, compared, workdir),
        host=args.host,
        port=args.port,
        title='seqgan playground',
        favicon='🖌',
        dark=None,
        language='en-US',
        reconnect_timeout=120.0,
        tailwind=False,
        reload=False,
        show=False,
        show_welcome_message=False,
    )


async def _announce(host: str, port: int) -> None:
    """Prints the address once it answers, which is a moment after the start-up."""
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
            break
        except OSError:
            await asyncio.sleep(0.1)
    writer.close()
    print(f'playground: http://{f"[{host}]" if ":" in host else host}:{port} (Ctrl-C ends it)', flush=True)


if __name__ == '__main__':
    main()
