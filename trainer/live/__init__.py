"""Learning from accepted masks at once: a closed-form model over frozen features and the maps at hand.

Read in this order: `features` (what a cell looks like), `design` (what the prior says about a cell),
`evidence` (what one accepted mask says), `model` (sums over masks, and the weights that follow from them),
`leave_one_out` (how far the weights can be trusted). `suggestions` says which tags may be missing or wrong.
"""
