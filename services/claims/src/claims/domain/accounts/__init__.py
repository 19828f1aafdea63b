"""Personal accounts (个人账户): what comes in, what they earn, who may pay from them."""
