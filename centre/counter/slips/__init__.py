"""What a clerk hands over on paper: contents (values) -> a sheet -> a PDF (CTR-1). Of files it reads the font alone.

sheet     what a slip is made of
passes    pass contents (LOC-12), reference paper (IGP-13)
reissue   the slip against which a card is issued anew (LOC-16, LOC-17, IGP-21, IGP-22)
receipt   what was paid or paid back, and for what
history   the last uses of a card (GEN-13)
font      the Japanese font that is there
pdf       draws a sheet
"""
