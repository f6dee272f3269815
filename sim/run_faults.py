"""What can go wrong with a run as a whole, and is no fault of ours:

RunFault
├── OtherRun       the folder holds something else
├── NoRun          there is no whole run in the folder
├── WorkersLost    processes die again and again
└── ClusterFault   the Dask cluster can't do it
"""


class RunFault(Exception):
    """What, where, and what to do."""


class OtherRun(RunFault):
    """The folder holds something else than this run."""


class NoRun(RunFault):
    """There is no whole run in a folder."""


class WorkersLost(RunFault):
    """Workers die again and again: the machine has no memory for them, or somebody kills them."""


class ClusterFault(RunFault):
    """Nobody answers, or there is other software on the workers."""
