"""Use cases on fund money: transfers between funds, personal accounts, payments to institutions."""
