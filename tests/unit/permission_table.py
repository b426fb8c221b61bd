"""Who may do what: one line for each operation of the API.

least    the least role on the farm of the thing in the address; or
         open      nobody needs a credential
         person    whoever signed in, but no key
         anybody   whoever has a valid credential
         self      only the person whose thing it is
scopes   what a key must have, all of them
granted  the answer to whom it is allowed
bound    the answer to a key of the same person that is bound to another farm
"""

from __future__ import annotations

from dataclasses import dataclass

TABLE = """
operation                                                least       scopes       granted  bound
GET    auth/login/                                       open        -                200    200
POST   auth/login/                                       open        -                200    200
POST   auth/token/                                       open        -                200    200
POST   auth/token/refresh/                               open        -                200    200
POST   auth/token/revoke/                                open        -                204    204
POST   auth/logout/                                      anybody     read             204    204
GET    auth/me/                                          anybody     read             200    200
POST   auth/password/                                    person      write            204    403
GET    keys/                                             anybody     admin            200    200
POST   keys/                                             anybody     admin            201    403
GET    keys/{key_id}/                                    self        admin            200    404
POST   keys/{key_id}/rotate/                             self        admin            201    404
POST   keys/{key_id}/revoke/                             self        admin            200    404
GET    farms/                                            anybody     read             200    200
POST   farms/                                            anybody     write            201    403
GET    farms/{farm_id}/                                  viewer      read             200    404
PUT    farms/{farm_id}/                                  manager     write            200    404
PATCH  farms/{farm_id}/                                  manager     write            200    404
DELETE farms/{farm_id}/                                  owner       write+admin      204    404
GET    farms/{farm_id}/members/                          viewer      read             200    404
POST   farms/{farm_id}/members/                          owner       write+admin      201    404
GET    farms/{farm_id}/members/{user_id}/                viewer      read             200    404
PATCH  farms/{farm_id}/members/{user_id}/                owner       write+admin      200    404
DELETE farms/{farm_id}/members/{user_id}/                owner       write+admin      204    404
GET    farms/{farm_id}/fields/                           viewer      read             200    404
POST   farms/{farm_id}/fields/                           manager     write            201    404
GET    fields/{field_id}/                                viewer      read             200    404
PUT    fields/{field_id}/                                agronomist  write            200    404
PATCH  fields/{field_id}/                                agronomist  write            200    404
DELETE fields/{field_id}/                                manager     write            204    404
GET    indices/                                          anybody     read             200    200
GET    indices/{index}/                                  anybody     read             200    200
GET    fields/{field_id}/indices/{index}/latest          viewer      read             200    404
GET    fields/{field_id}/indices/{index}/timeseries      viewer      read             200    404
GET    fields/{field_id}/indices/{index}/raster.png      viewer      read             200    404
GET    fields/{field_id}/indices/{index}/raster.tif      viewer      read             200    404
GET    fields/{field_id}/indices/{index}/legend.json     viewer      read             200    404
GET    fields/{field_id}/indices/{index}/tiles           viewer      read             200    404
GET    farms/{farm_id}/{index}/tiles                     viewer      read             200    404
GET    farms/{farm_id}/{index}/latest                    viewer      read             200    404
GET    farms/{farm_id}/{index}/timeseries                viewer      read             200    404
POST   statistics/                                       viewer      read             200    404
GET    farms/{farm_id}/scenes/                           viewer      read             200    404
POST   farms/{farm_id}/scenes/                           agronomist  write            201    404
GET    scenes/{scene_id}/                                viewer      read             200    404
PATCH  scenes/{scene_id}/                                agronomist  write            200    404
DELETE scenes/{scene_id}/                                manager     write            204    404
POST   scenes/{scene_id}/ingest/                         agronomist  write            202    404
GET    jobs/                                             anybody     read             200    200
GET    jobs/{job_id}/                                    viewer      read             200    404
POST   jobs/{job_id}/cancel/                             agronomist  write            200    404
POST   jobs/{job_id}/retry/                              agronomist  write            200    404
GET    weather/current/                                  anybody     read             200    200
GET    weather/hourly/                                   anybody     read             200    200
GET    weather/daily/                                    anybody     read             200    200
GET    weather/weekly/                                   anybody     read             200    200
GET    farms/{farm_id}/weather/current/                  viewer      read             200    404
GET    farms/{farm_id}/weather/hourly/                   viewer      read             200    404
GET    farms/{farm_id}/weather/daily/                    viewer      read             200    404
GET    farms/{farm_id}/weather/weekly/                   viewer      read             200    404
GET    farms/{farm_id}/weather/agro/                     viewer      read             200    404
GET    farms/{farm_id}/weather/gdd/                      viewer      read             200    404
GET    farms/{farm_id}/weather/chill/                    viewer      read             200    404
GET    farms/{farm_id}/weather/et0/                      viewer      read             200    404
GET    farms/{farm_id}/weather/frost/                    viewer      read             200    404
GET    farms/{farm_id}/weather/rain/                     viewer      read             200    404
GET    farms/{farm_id}/weather/windows/{kind}/           viewer      read             200    404
GET    farms/{farm_id}/weather/location/                 viewer      read             200    404
GET    farms/{farm_id}/weather/feeds/                    viewer      read             200    404
GET    farms/{farm_id}/weather/profiles/                 viewer      read             200    404
GET    farms/{farm_id}/weather/observations/             viewer      read             200    404
PUT    farms/{farm_id}/weather/location/                 manager     write            200    404
PATCH  farms/{farm_id}/weather/location/                 manager     write            200    404
POST   farms/{farm_id}/weather/refresh/                  agronomist  write            202    404
POST   farms/{farm_id}/weather/observations/             agronomist  write            200    404
GET    fields/{field_id}/water-balance/                  viewer      read             200    404
GET    fields/{field_id}/water-balance/setup/            viewer      read             200    404
PUT    fields/{field_id}/water-balance/setup/            agronomist  write            200    404
DELETE fields/{field_id}/water-balance/setup/            agronomist  write            204    404
GET    fields/{field_id}/irrigations/                    viewer      read             200    404
POST   fields/{field_id}/irrigations/                    agronomist  write            201    404
DELETE fields/{field_id}/irrigations/{irrigation_id}/    agronomist  write            204    404
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A line of the table."""

    method: str
    path: str  # below /api/v1/
    least: str
    scopes: frozenset[str]
    granted: int
    bound: int

    @property
    def is_of_somebody(self) -> bool:
        """Whether the thing belongs to a farm or a person, so that strangers must not see it."""
        return self.least not in {"open", "person", "anybody"}


def _rule(line: str) -> Rule:
    method, path, least, scopes, granted, bound = line.split()
    return Rule(
        method=method,
        path=path,
        least=least,
        scopes=frozenset(scopes.split("+")) - {"-"},
        granted=int(granted),
        bound=int(bound),
    )


RULES = {f"{rule.method} {rule.path}": rule for rule in map(_rule, TABLE.strip().splitlines()[1:])}
