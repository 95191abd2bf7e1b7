"""A process of ours does not outlive the one that looks after it, even if that one is killed."""

import os
import signal
import threading
import time

LOOK_EVERY = 0.5
PATIENCE = 10.0


def end_with(parent: int) -> None:
    """Stop this process in good order soon after the parent with this pid has gone, and hard if that takes too long."""

    def watch():
        while os.getppid() == parent:
            time.sleep(LOOK_EVERY)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(PATIENCE)
        os._exit(1)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()
