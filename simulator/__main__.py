"""`python -m simulator` is `em`."""

from simulator.cli import main

main()
