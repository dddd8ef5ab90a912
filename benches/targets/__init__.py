"""The targets of each family: a dict `TARGETS` of functions that measure, and its `PEERS`."""
