"""Describes an interpreter's copy of a package: prints one line of JSON, or one line of error.

Called with "torch", "sklearn" or "cvxopt". Threads are set to all cores, and their number is read after a first operation: the number that a
library reports before it is not the one that it uses.
"""

import json
import os
import platform
import re
import sys


def cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def loaded_libraries():
    """File names of the linear algebra libraries that this process has loaded; empty where the system does not list them."""
    try:
        with open("/proc/self/maps") as maps:
            paths = {line.split()[-1] for line in maps if ".so" in line}
    except OSError:
        return []
    names = {os.path.basename(os.path.realpath(path)) for path in paths}
    return sorted(name for name in names if re.search(r"blas|mkl_rt|mkl_core|blis|atlas|veclib", name, re.I))


def of_torch():
    import torch

    torch.set_num_threads(cores())
    torch.ones(64, 64) @ torch.ones(64, 64)  # loads the libraries
    built = re.search(r"BLAS_INFO=(\w+)", torch.__config__.show())
    parallel = torch.__config__.parallel_info()
    threading = re.search(r"ATen parallel backend: (.*)", parallel)
    return {
        "version": torch.__version__,
        "threads": torch.get_num_threads(),
        "blas": built.group(1) if built else "unknown",
        "threading": threading.group(1) if threading else "unknown",
        "cuda": torch.cuda.is_available(),
    }


def of_sklearn():
    import numpy
    import sklearn
    from threadpoolctl import threadpool_info, threadpool_limits

    threadpool_limits(cores())
    numpy.ones((64, 64)) @ numpy.ones((64, 64))
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    return {
        "version": sklearn.__version__,
        "threads": max((pool["num_threads"] for pool in pools), default=1),
        "blas": ", ".join(sorted({"{internal_api} {version}".format(**pool) for pool in pools})) or "unknown",
        "threading": ", ".join(sorted({pool.get("threading_layer") or "own" for pool in pools})) or "unknown",
    }


def of_cvxopt():
    import cvxopt
    from cvxopt import blas, matrix

    blas.nrm2(matrix(1.0, (64, 1)))  # loads the libraries
    parallel = any(re.search(r"openblas|mkl|blis|veclib", name, re.I) for name in loaded_libraries())
    return {
        "version": cvxopt.__version__,
        "threads": cores() if parallel else 1,
        "blas": "as linked",
        "threading": "BLAS" if parallel else "none",
    }


found = {"torch": of_torch, "sklearn": of_sklearn, "cvxopt": of_cvxopt}[sys.argv[1]]()
place = {"python": platform.python_version(), "executable": sys.executable, "libraries": loaded_libraries()}
print(json.dumps({**place, **found}))
