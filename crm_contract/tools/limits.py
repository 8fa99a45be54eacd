"""What a program that reads one file may take: it ends rather than take more."""

import resource

# Seconds of the processor, bytes of memory
SECONDS = 20
MEMORY = 1024**3


def limit_process():
    """Let this process end with the time and the memory that one file may take."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
