"""``python -m snnviz.jobs``: starts the supervisor of a store's queue."""

from snnviz.jobs.supervisor import main

if __name__ == "__main__":  # not in what it forks
    main()
