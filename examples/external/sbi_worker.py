"""Lets a simulator in Python be asked for draws by `sbi`: put this file beside yours.

    from sbi_worker import serve

    def simulate(seed, spread, division):
        random = Random(seed)
        ...
        return {"front": [...], "cover": 0.3}

    serve(simulate)

`simulate` is called once for each draw: with its seed, a whole number below 2^53, and then the inputs of the
`external` by their names, as numbers. It returns a dictionary of all outputs: numbers, lists, lists of lists or numpy
arrays in the shape of the file. If it draws all its random numbers from the seed, the same run gives the same draws
again. A draw that raises an exception, or whose numbers are not all finite, is refused with the reason.

    serve(simulate_batch, batched=True)

calls it once for a whole batch, with numpy arrays: the seeds, and each input with one number for each draw; what it
returns has the draws as first axis. If it raises an exception, its draws are tried one by one.

Whatever is printed while it serves goes to stderr, as stdout is for the answers.

Python 3.9 or later. The protocol "lines" needs the standard library alone; "frames" and `batched` need numpy. Which
protocol is spoken, the first bytes tell. The protocol is described in docs/workers.md of sbi.
"""

import inspect
import json
import math
import os
import struct
import sys
import traceback

__all__ = ["serve"]


def serve(simulate, batched=False):
    """Answers requests from stdin on stdout until there are no more. See the top of this file."""
    if sys.stdin is None or sys.stdin.isatty():
        raise SystemExit("This program is a worker: `sbi run` starts it, for an `external` that names it.")
    stdin, stdout = _take_pipes()
    start = stdin.read(8)
    # The length of a frame has zeros on top; a line has text there.
    channel = (_Frames if start[7:] == b"\0" else _Lines)(stdin, stdout, start)
    greeting = channel.hear()
    if greeting is None:
        return
    outputs = greeting["outputs"]
    why_not = _cannot_serve(simulate, batched, greeting["inputs"], channel)
    if why_not:
        channel.say({"error": why_not})
        return
    channel.say({"ready": True})
    make = _batch if batched else _one_by_one
    while True:
        request = channel.hear()
        if request is None:
            return
        try:
            made, failed = make(simulate, request, outputs)
        except _Unfit as unfit:
            channel.say({"id": request["id"], "error": str(unfit)})
            return
        channel.say({"id": request["id"], "failed": failed}, made)


class _Unfit(Exception):
    """What the simulator returns does not fit the file, so that going on makes no sense."""


def _take_pipes():
    """The pipes of the protocol. What else reads stdin finds nothing there; what else prints, prints to stderr."""
    stdin, stdout = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    sys.stdout.flush()
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return stdin, stdout


def _cannot_serve(simulate, batched, inputs, channel):
    """What is wrong before anything is simulated, or None."""
    if batched or isinstance(channel, _Frames):
        try:
            import numpy  # noqa: F401
        except ImportError:
            install = f"needs numpy: {sys.executable} -m pip install numpy"
            return f"`batched` {install}" if batched else f'`protocol "frames"` {install}, or write "lines"'
    try:
        inspect.signature(simulate).bind(0, **{name: 0.0 for name in inputs})
    except TypeError as error:
        return f"`{simulate.__name__}` has to take a seed and then {', '.join(inputs) or 'nothing'}: {error}"
    except ValueError:
        pass  # A function written in C does not tell what it takes.
    return None


def _one_by_one(simulate, request, outputs):
    """All draws of a request, each by a call of its own: the outputs as lists, and the reasons of refusals."""
    made, failed = {name: [] for name in outputs}, {}
    for k, draw in enumerate(request["draws"]):
        inputs = {name: float(column[k]) for name, column in request["inputs"].items()}
        try:
            result = simulate(int(request["seeds"][k]), **inputs)
        except Exception as error:
            failed[str(draw)] = _reason(error)
            result = None
        _check_names(result, outputs)
        for name, sizes in outputs.items():
            value = None if result is None else _numbers(name, result[name], sizes)
            if result is not None and value is None:
                failed.setdefault(str(draw), f"`{name}` is not finite")
            made[name].append(value)
    return made, failed


def _batch(simulate, request, outputs):
    """All draws of a request by one call; if that raises an exception, each by a call of its own."""
    import numpy

    seeds = numpy.asarray(request["seeds"], dtype="uint64")
    inputs = {name: numpy.asarray(column, dtype="float64") for name, column in request["inputs"].items()}
    try:
        result = simulate(seeds, **inputs)
    except Exception as error:
        if len(seeds) == 1:
            nothing = {name: [None] for name in outputs}
            return nothing, {str(request["draws"][0]): _reason(error)}
        return _batch_in_parts(simulate, request, outputs)
    _check_names(result, outputs)
    made = {}
    for name, sizes in outputs.items():
        made[name] = numpy.asarray(result[name], dtype="float64")
        if made[name].shape != (len(seeds), *sizes):
            raise _Unfit(f"`{name}` has the shape {made[name].shape}, and {(len(seeds), *sizes)} is asked for")
    return made, {}


def _batch_in_parts(simulate, request, outputs):
    made, failed = {name: [] for name in outputs}, {}
    for k, draw in enumerate(request["draws"]):
        inputs = {name: column[k : k + 1] for name, column in request["inputs"].items()}
        part = {"draws": [draw], "seeds": request["seeds"][k : k + 1], "inputs": inputs}
        values, reasons = _batch(simulate, part, outputs)
        failed.update(reasons)
        for name in outputs:
            made[name].append(values[name][0])
    return made, failed


def _check_names(result, outputs):
    if result is None:
        return
    for name in outputs:
        if name not in result:
            raise _Unfit(f"the simulator does not return `{name}`")
    for name in result:
        if name not in outputs:
            raise _Unfit(f"the simulator returns `{name}`, which the file does not ask for")


def _numbers(name, value, sizes):
    """A value as nested lists of numbers in this shape; None if not all are finite."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if not sizes:
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise _Unfit(f"`{name}` holds {value!r} where a number is asked for") from None
        return number if math.isfinite(number) else None
    if not isinstance(value, (list, tuple)) or len(value) != sizes[0]:
        there = len(value) if isinstance(value, (list, tuple)) else repr(value)
        raise _Unfit(f"`{name}` holds {there} where {sizes[0]} elements are asked for")
    values = [_numbers(name, part, sizes[1:]) for part in value]
    return None if any(part is None for part in values) else values


def _reason(error):
    """An exception in a line, with the line of the simulator at which it was raised."""
    print("".join(traceback.format_exception(type(error), error, error.__traceback__)), file=sys.stderr)
    where = traceback.extract_tb(error.__traceback__)[-1]
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return f"{text[:300]} ({os.path.basename(where.filename)}, line {where.lineno})"


class _Lines:
    """A JSON object a line."""

    def __init__(self, stdin, stdout, start):
        self.stdin, self.stdout, self.start = stdin, stdout, start

    def hear(self):
        line = self.start + self.stdin.readline()
        self.start = b""
        return json.loads(line) if line else None

    def say(self, message, made=None):
        if made is not None:
            message["outputs"] = {name: _plain(values) for name, values in made.items()}
        self.stdout.write(json.dumps(message, allow_nan=False).encode() + b"\n")
        self.stdout.flush()


def _plain(values):
    """Nested lists in which None stands for what is no number."""
    if hasattr(values, "tolist"):
        values = values.tolist()
    if isinstance(values, list):
        return [_plain(value) for value in values]
    return values if values is None or math.isfinite(values) else None


class _Frames:
    """safetensors with their length before them: 8 bytes of the length of the header, the header as JSON, numbers."""

    def __init__(self, stdin, stdout, start):
        self.stdin, self.stdout, self.start = stdin, stdout, start
        self.outputs = {}

    def hear(self):
        length = self.start or self.stdin.read(8)
        self.start = b""
        if len(length) < 8:
            return None
        body = self.stdin.read(struct.unpack("<Q", length)[0])
        begin = 8 + struct.unpack("<Q", body[:8])[0]
        header = json.loads(body[8:begin])
        message = json.loads(header.pop("__metadata__")["message"])
        self.outputs = message.get("outputs", self.outputs)
        message["inputs"] = message.get("inputs", {})
        if not header:
            return message
        import numpy

        for name, tensor in header.items():
            first, last = tensor["data_offsets"]
            kind = {"U64": "<u8", "F64": "<f8"}[tensor["dtype"]]
            values = numpy.frombuffer(body[begin + first : begin + last], dtype=kind)
            if name.startswith("inputs/"):
                message["inputs"][name[len("inputs/") :]] = values
            else:
                message[name] = values
        return message

    def say(self, message, made=None):
        header = {"__metadata__": {"message": json.dumps(message)}}
        data = b""
        if made is not None:
            header, data = self._layout(header, made)
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        self.stdout.write(struct.pack("<QQ", 8 + len(text) + len(data), len(text)) + text + data)
        self.stdout.flush()

    def _layout(self, header, made):
        import numpy

        parts, begin = [], 0
        for name, values in made.items():
            sizes = self.outputs[name]
            if not hasattr(values, "dtype"):
                nothing = numpy.full(sizes, numpy.nan)
                values = [nothing if value is None else value for value in values]
            values = numpy.ascontiguousarray(values, dtype="<f8")
            parts.append(values.tobytes())
            end = begin + len(parts[-1])
            header[f"outputs/{name}"] = {"dtype": "F64", "shape": values.shape, "data_offsets": [begin, end]}
            begin = end
        return header, b"".join(parts)
