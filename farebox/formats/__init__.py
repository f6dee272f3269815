"""What the terminal keeps and sends, as bytes. The centre reads it without importing the bus."""
