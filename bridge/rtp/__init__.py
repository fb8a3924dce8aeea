"""RTP: sound over a network that loses, reorders and delays it, in and out."""
