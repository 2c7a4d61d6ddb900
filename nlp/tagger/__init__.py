"""The trained tagger: network, transformer, word pieces, decoding of tags, confidence."""
