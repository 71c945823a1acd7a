"""What changes if only this changes: experiments over any fields, compared and weighed."""
