"""Words of mails about accounts."""
