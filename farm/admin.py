"""The admin of every package; Django finds this module, the packages keep their own."""
