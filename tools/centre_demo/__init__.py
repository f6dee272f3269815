"""The demo of the centre (模擬): centre, payment sandbox, people with cards, two buses that ride and upload."""
