#!/usr/bin/env python3
"""Makes the cases of tests/data/conformance anew, arguments as well as results, and compares.

    conformance.py FILE.json...                   compares, by the tolerance of each case
    conformance.py --write FOLDER FILE.json...    also writes the files with what was made here into FOLDER

Which cases there are, and their options, comes from the JSON. Exits with 1 where a case differs.
"""
import argparse
import importlib
import platform
from importlib.metadata import version
from pathlib import Path

import torch

import cases

PEERS = {"ops": ["torch"], "optim": ["torch"], "explain": ["torch", "shap", "captum"]}


def check(path: Path, folder: Path | None) -> bool:
    file, tensors = cases.read(path)
    made = dict(tensors)  # what goes in is replaced before results are computed from it
    kind = importlib.import_module(file["about"]["kind"])
    peers = ", ".join(f"{name} {version(name)}" for name in PEERS[file["about"]["kind"]])
    print(f"{path.name}: {file['about']['source']}; here {peers}, Python {platform.python_version()}")
    agreed = differed = left_out = 0
    equal, largest = [0, 0], [0.0, 0.0]  # of what goes in, and of what comes out

    for case in file["cases"]:
        problem = None
        try:
            for stage, results in enumerate((kind.inputs(case), kind.outputs(case, made))):
                shares = [0.0]
                for result in results:
                    share, where = cases.compare(result, tensors, case.get("rtol", 0), case.get("atol", 0))
                    shares.append(share)
                    if share > 1:
                        problem = problem or where
                    cases.store(result, made)
                equal[stage] += max(shares) == 0
                largest[stage] = max(largest[stage], *shares)
        except cases.NotCovered as reason:
            left_out += 1
            print(f"  {case['id']}: not covered, {reason}")
            continue
        except Exception as error:  # one case must not hide the others
            problem = repr(error)
        agreed += problem is None
        differed += problem is not None
        if problem:
            print(f"  {case['id']}: {problem}")

    print(f"  {agreed} agree, {differed} differ, {left_out} are not covered")
    for what, n, share in zip(("arguments", "results"), equal, largest):
        print(f"  {what}: equal in {n} cases; the largest difference is {share:.2g} of what is allowed")
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        cases.write(folder / path.name, file, made)
    return differed == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", metavar="FOLDER", type=Path)
    parser.add_argument("files", nargs="+", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)  # sums have one order
    return 0 if all([check(path, options.write) for path in options.files]) else 1


if __name__ == "__main__":
    raise SystemExit(main())
