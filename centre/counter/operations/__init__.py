"""What clerks do (CTR-1), judged: pure, values in and values out.

    prepare_...(..., rulebook, day) -> Prepared | Refusal

    cards.py       issue, change of kind and data, void, stop, directives
    money.py       top-up, the three refunds, the deposit of a card that was found
    passes.py      passes sold and renewed
    reissue.py     loss and damage reported, issued anew, exchanged
    uses.py        the history that a card shows (GEN-13)
    values.py      what goes in; prepared.py: what comes out; effects.py: what becomes of the register
    judging.py     what many of them judge alike

`Prepared` says what is to be taken or given, which papers were asked for, what the card and the register are then, and
whether a second person must approve. Nothing is done yet: `centre.counter.carrying.carry_out` does it.
"""
