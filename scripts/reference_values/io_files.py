#!/usr/bin/env python3
"""Makes the files of tests/data/io with NumPy and the safetensors package.

    io_files.py FOLDER                   writes them into FOLDER
    io_files.py --check tests/data/io    compares those in a folder with new ones, byte for byte
"""
import argparse
import json
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

INT64 = np.iinfo(np.int64)
ARRAYS = {
    "bool": np.array([True, False, True]),
    "u8": np.array([0, 255], np.uint8),
    "i8": np.array([-128, 127], np.int8),
    "i16": np.array([-32768, 32767], np.int16),
    "u16": np.array([0, 65535], np.uint16),
    "i32": np.array([[1, -2], [3, -4]], np.int32),
    "u32": np.array([2**32 - 1], np.uint32),
    "i64": np.array([INT64.min, INT64.max], np.int64),
    "u64": np.array([INT64.max], np.uint64),  # the largest one that xgrad's int64 holds
    "f16": np.array([1.5, -0.25, 65504, 2.0**-24, np.inf, np.nan], np.float16),
    "f32": np.array([[1.1, 2.2, 3.3]], np.float32),
    "f64": np.array([0.1, np.pi]),
    "scalar": np.array(3.5, np.float32),
    "empty": np.zeros((0, 3), np.float32),
}


def write(folder: Path) -> list[str]:
    np.savez_compressed(folder / "numpy.npz", **ARRAYS)
    save_file(ARRAYS, folder / "python.safetensors", metadata={"made by": "safetensors", "x": "é"})
    np.save(folder / "fortran_order.npy", np.asfortranarray(np.arange(24.0).reshape(2, 3, 4)))
    np.save(folder / "big_endian.npy", np.array([[1, -2], [3, 40000]], ">i4"))
    np.save(folder / "record.npy", np.zeros(2, [("a", "<f4"), ("b", "<i4")]))
    return ["numpy.npz", "python.safetensors", "fortran_order.npy", "big_endian.npy", "record.npy"]


def content(path: Path) -> object:
    """The bytes; the header of a safetensors file as a dict, because its metadata come in a random order."""
    data = path.read_bytes()
    if path.suffix != ".safetensors":
        return data
    end = 8 + int.from_bytes(data[:8], "little")
    return data[:8], json.loads(data[8:end]), data[end:]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    print(f"NumPy {version('numpy')}, safetensors {version('safetensors')}")
    if not options.check:
        write(options.folder)
        return 0
    differ = 0
    with tempfile.TemporaryDirectory() as new:
        for name in write(Path(new)):
            equal = content(options.folder / name) == content(Path(new) / name)
            print(f"  {name}: {'equal' if equal else 'differs'}")
            differ += not equal
    return 1 if differ else 0


if __name__ == "__main__":
    raise SystemExit(main())
