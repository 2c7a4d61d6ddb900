"""The daily digest by e-mail: choose its papers, write the message, send it, schedule it."""
