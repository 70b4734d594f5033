"""Pages for people: the public page of a webinar, a registrant's own page, the way in."""
