from . import (
    evidence,
    obligation,
    paper,
    portal,
    register,
    secrecy,
    signing,
    survey,
    verify,
)
