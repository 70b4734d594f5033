"""The same as `taquilla`, where only Python is on the path: `python -m deploy.cli`."""

from deploy.cli import main

main()
