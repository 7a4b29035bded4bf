%% calendar: conversions, leap years, days of the week, RFC 3339.
-module(calendar_dates).
-export([main/0]).

main() ->
    Ds = [{1970, 1, 1}, {2000, 2, 29}, {1999, 12, 31}, {2024, 2, 29}, {2026, 11, 21}, {1, 1, 1}, {9999, 12, 31}],
    [io:format("~w: ~w ~w ~w~n", [D, calendar:date_to_gregorian_days(D), calendar:day_of_the_week(D), calendar:iso_week_number(D)]) || D <- Ds],
    [io:format("~w~n", [calendar:gregorian_days_to_date(N)]) || N <- [0, 365, 366, 719528, 740000]],
    [io:format("~w ", [{Y, calendar:is_leap_year(Y)}]) || Y <- [1900, 2000, 2023, 2024, 2100]],
    io:nl(),
    io:format("~w~n", [[calendar:last_day_of_the_month(2024, M) || M <- lists:seq(1, 12)]]),
    io:format("~w ~w~n", [calendar:valid_date({2023, 2, 29}), calendar:valid_date(2024, 2, 29)]),
    DT = {{2024, 2, 28}, {23, 59, 59}},
    S = calendar:datetime_to_gregorian_seconds(DT),
    io:format("~w ~w~n", [S, calendar:gregorian_seconds_to_datetime(S + 1)]),
    io:format("~w ~w~n", [calendar:seconds_to_time(3661), calendar:time_to_seconds({1, 1, 1})]),
    io:format("~w ~w~n", [calendar:seconds_to_daystime(100000), calendar:time_difference(DT, {{2024, 3, 1}, {0, 0, 0}})]),
    io:format("~s~n", [calendar:system_time_to_rfc3339(0, [{offset, "Z"}])]),
    io:format("~s~n", [calendar:system_time_to_rfc3339(1700000000123, [{unit, millisecond}, {offset, "+01:30"}])]),
    io:format("~w~n", [calendar:rfc3339_to_system_time("2024-02-29T12:34:56Z")]),
    io:format("~w~n", [calendar:rfc3339_to_system_time("1985-04-12T23:20:50.52+02:00", [{unit, millisecond}])]),
    io:format("~w~n", [calendar:system_time_to_universal_time(86400, second)]),
    io:format("~w ~w~n", [erlang:convert_time_unit(5, second, millisecond), erlang:convert_time_unit(1999, millisecond, second)]),
    io:format("~w~n", [try calendar:day_of_the_week(2023, 2, 30) catch C:R -> {C, R} end]),
    io:format("~w~n", [calendar:iso_week_number({2021, 1, 3})]),
    {{Y, _, _}, {H, _, _}} = calendar:universal_time(),
    io:format("~w~n", [Y > 2000 andalso H < 24]),
    ok.
