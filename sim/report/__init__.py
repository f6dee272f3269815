"""A replayed day as a page, pictures and tables (模擬).

figures.py   what the day came to, from its folder alone; every sum is one of the run's own
charts.py    figures as charts (altair)
page.py      charts and tables as one HTML file, with nothing from outside
tides.py     the day as a TIDES data package
words.py     Japanese and English
"""
