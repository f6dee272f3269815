"""Off the bus: what vehicles, clerks and members have to do with each other (CTR, PRT). A Django project.

    users      who signs in: members and clerks
    cards      the cards that were issued, their holders, the passes sold and the auto-charge agreed
    collector  takes the vehicles' sealed segments (CTR-2)
    ledger     double entry of all money, and what is reconciled with it (CTR-4)
    bundles    hotlist, directives and tariff for the vehicles (CTR-3)
    counter    what clerks do with a card in front of them (CTR-1)
    portal     what members do on their own (PRT)
    payments   the way to a payment service, and back
    running    whether it works: the worker's beats, health, backup; a demo's mails

Rules stand in tariff, bytes in cardimage and farebox.formats; here they are asked, and remembered.
"""
