"""A payment service (模擬決済): a process, a port and a database of its own. It holds what a real one would.

    cards      the test numbers, and what each is for
    store      its tables
    service    customers, cards, visits to its page, payments, refunds
    notices    signed, sent again until they are taken
    plain_api, stripe_api     the same service twice: in plain JSON, and as Stripe speaks
    pages      what members and testers see
    control    what testers may ask for
    server     HTTP

No money moves, and no card number is kept: what is not one of its test numbers is refused.
"""
