"""Processes that modes of files hold for, whoever runs the tests: root without the capabilities that pass by them."""

import ctypes

_PR_CAPBSET_DROP = 24
_CAPABILITIES = range(64)


def as_any_user() -> None:
    """For ``preexec_fn``: what is started has to obey the modes of files, root or not."""
    libc = ctypes.CDLL(None)
    for capability in _CAPABILITIES:
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
