"""From the input of each transaction to its command (chs-interface section 5).

A field marked ``Y`` there is demanded, except the few that a known client never sends and that have a safe meaning when
absent: ``psn_setlway``, ``acct_used_flag``, ``mid_setl_flag``, ``rx_circ_flag``.
"""
