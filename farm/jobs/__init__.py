"""Background work: rows that say what is to be done, leases that say who does it.

``services`` asks for work, ``queue`` hands it to the task backend, ``lease`` lets one run at a time
hold it, ``runner`` runs it, ``worker`` is the process that does. A job may run twice, its effect
happens once: every write of a handler passes ``JobRun.fence`` in its own transaction.
"""
