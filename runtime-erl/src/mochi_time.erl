-module(mochi_time).
-moduledoc """
Times and durations: whole nanoseconds, times since 1970-01-01 in UTC, as `now()` gives them.

Texts of times are RFC 3339, those of durations such as `1h30m`, `1.5s`, `250ms`, `-2us`.
""".

-export([now/0, unix/1, from_unix/1, date/3, time/6, fields/1, add/2, diff/2, truncate/2, weekday/1]).
-export([ns/1, us/1, ms/1, seconds/1, minutes/1, hours/1, days/1]).
-export([parse/1, format/1, parse_duration/1, format_duration/1, sleep/1]).

-compile({no_auto_import, [now/0]}).

-define(US, 1_000).
-define(MS, 1_000_000).
-define(SECOND, 1_000_000_000).
-define(MINUTE, 60_000_000_000).
-define(HOUR, 3_600_000_000_000).
-define(DAY, 86_400_000_000_000).
%% Calendars here run from year 1 to 9999.
-define(FIRST, -62135596800 * ?SECOND).
-define(LAST, 253402300800 * ?SECOND - 1).

-doc "The current time.".
-spec now() -> integer().
now() -> mochi_core:now().

-doc "Whole seconds since 1970.".
-spec unix(integer()) -> integer().
unix(T) -> floor_div(T, ?SECOND).

-doc "A time from seconds since 1970.".
-spec from_unix(number()) -> integer().
from_unix(S) -> scaled(S, ?SECOND).

-doc "So many nanoseconds.".
-spec ns(number()) -> integer().
ns(N) -> scaled(N, 1).
-doc "So many microseconds.".
-spec us(number()) -> integer().
us(N) -> scaled(N, ?US).
-doc "So many milliseconds.".
-spec ms(number()) -> integer().
ms(N) -> scaled(N, ?MS).
-doc "So many seconds.".
-spec seconds(number()) -> integer().
seconds(N) -> scaled(N, ?SECOND).
-doc "So many minutes.".
-spec minutes(number()) -> integer().
minutes(N) -> scaled(N, ?MINUTE).
-doc "So many hours.".
-spec hours(number()) -> integer().
hours(N) -> scaled(N, ?HOUR).
-doc "So many days of 24 hours.".
-spec days(number()) -> integer().
days(N) -> scaled(N, ?DAY).

scaled(N, Unit) when is_integer(N) -> N * Unit;
scaled(N, Unit) when is_float(N) -> round(N * Unit);
scaled(_, _) -> mochi_core:fail(<<"a duration is a number">>).

-doc "Midnight of a day.".
-spec date(integer(), integer(), integer()) -> integer().
date(Y, M, D) -> time(Y, M, D, 0, 0, 0).

-doc "A time of a day.".
-spec time(integer(), integer(), integer(), integer(), integer(), integer()) -> integer().
time(Y, M, D, H, Mi, S) when is_integer(Y), Y >= 1, Y =< 9999, is_integer(H), H >= 0, H < 24,
                             is_integer(Mi), Mi >= 0, Mi < 60, is_integer(S), S >= 0, S < 60 ->
    case is_integer(M) andalso is_integer(D) andalso calendar:valid_date(Y, M, D) of
        true -> (calendar:datetime_to_gregorian_seconds({{Y, M, D}, {H, Mi, S}}) - 62167219200) * ?SECOND;
        false -> mochi_core:fail(<<"no such date">>)
    end;
time(_, _, _, _, _, _) -> mochi_core:fail(<<"no such time">>).

-doc "Year, month, day, hour, minute, second, nanosecond and weekday of a time, as a map.".
-spec fields(integer()) -> #{binary() => integer()}.
fields(T) ->
    {{{Y, M, D}, {H, Mi, S}}, Ns} = civil(T),
    #{<<"year">> => Y, <<"month">> => M, <<"day">> => D, <<"hour">> => H, <<"minute">> => Mi, <<"second">> => S,
      <<"nanosecond">> => Ns, <<"weekday">> => calendar:day_of_the_week(Y, M, D)}.

civil(T) when is_integer(T), T >= ?FIRST, T =< ?LAST ->
    {calendar:gregorian_seconds_to_datetime(unix(T) + 62167219200), T - unix(T) * ?SECOND};
civil(_) -> mochi_core:fail(<<"no time between the years 1 and 9999">>).

-doc "A time and a duration, or two durations.".
-spec add(integer(), integer()) -> integer().
add(T, D) -> T + D.

-doc "The duration from the second time to the first.".
-spec diff(integer(), integer()) -> integer().
diff(A, B) -> A - B.

-doc "Down to a whole multiple of the duration.".
-spec truncate(integer(), integer()) -> integer().
truncate(T, Unit) when is_integer(Unit), Unit > 0 -> floor_div(T, Unit) * Unit;
truncate(_, _) -> mochi_core:fail(<<"truncate expects a positive duration">>).

-doc "1 is Monday, 7 is Sunday.".
-spec weekday(integer()) -> 1..7.
weekday(T) ->
    {{{Y, M, D}, _}, _} = civil(T),
    calendar:day_of_the_week(Y, M, D).

floor_div(A, B) when A >= 0 -> A div B;
floor_div(A, B) -> -((-A + B - 1) div B).

-doc "A time from RFC 3339.".
-spec parse(binary()) -> integer().
parse(Text) when is_binary(Text) ->
    case parsed(Text) of
        T when is_integer(T) -> T;
        false -> mochi_core:fail([<<"not a time: ">>, mochi_fmt:quote(Text)])
    end;
parse(_) -> mochi_core:fail(<<"a time is a string">>).

parsed(<<Y:4/binary, $-, M:2/binary, $-, D:2/binary, C, H:2/binary, $:, Mi:2/binary, $:, S:2/binary, Rest/binary>>)
  when C =:= $T; C =:= $t; C =:= $\s ->
    try
        [Year, Month, Day, Hour, Minute, Second] = [number(B) || B <- [Y, M, D, H, Mi, S]],
        {Ns, Zone} = second_fraction(Rest),
        time(Year, Month, Day, Hour, Minute, Second) + Ns - offset(Zone)
    catch error:_ -> false
    end;
parsed(_) -> false.

%% Digits only: no sign.
number(B) ->
    {N, {Count, <<>>}} = digits(B, 0, 0),
    true = Count > 0,
    N.

second_fraction(<<$., Rest/binary>>) ->
    {N, {Count, Zone}} = digits(Rest, 0, 0),
    true = Count > 0,
    {N * ?SECOND div pow10(Count), Zone};
second_fraction(Zone) -> {0, Zone}.

offset(<<"Z">>) -> 0;
offset(<<"z">>) -> 0;
offset(<<Sign, H:2/binary, $:, M:2/binary>>) when Sign =:= $+; Sign =:= $- ->
    {Hours, Minutes} = {number(H), number(M)},
    true = Hours < 24 andalso Minutes < 60,
    (44 - Sign) * (Hours * ?HOUR + Minutes * ?MINUTE).

-doc "RFC 3339 in UTC, with as many digits of the second as are needed.".
-spec format(integer()) -> binary().
format(T) ->
    {{{Y, M, D}, {H, Mi, S}}, Ns} = civil(T),
    iolist_to_binary(io_lib:format("~4..0b-~2..0b-~2..0bT~2..0b:~2..0b:~2..0b~sZ", [Y, M, D, H, Mi, S, fraction(Ns, 9)])).

fraction(0, _) -> "";
fraction(N, Digits) -> [$. | string:trim(lists:flatten(io_lib:format("~*..0b", [Digits, N])), trailing, "0")].

-doc "A duration from its text.".
-spec parse_duration(binary()) -> integer().
parse_duration(<<$-, Rest/binary>> = Text) -> -parts(Rest, 0, Text);
parse_duration(<<"0">>) -> 0;
parse_duration(Text) when is_binary(Text) -> parts(Text, 0, Text);
parse_duration(_) -> mochi_core:fail(<<"a duration is a string">>).

parts(Rest, Sum, Text) ->
    {Whole, R1} = digits(Rest, 0, 0),
    {Number, Scale, R2} =
        case R1 of
            {0, _} -> no_duration(Text);
            {_, <<$., R/binary>>} ->
                {N, {Count, R3}} = digits(R, Whole, 0),
                case Count of
                    0 -> no_duration(Text);
                    _ -> {N, pow10(Count), R3}
                end;
            {_, R} -> {Whole, 1, R}
        end,
    {Unit, R4} = unit(R2, Text),
    Sum1 = Sum + Number * Unit div Scale,
    case R4 of
        <<>> -> Sum1;
        _ -> parts(R4, Sum1, Text)
    end.

digits(<<C, R/binary>>, N, Count) when C >= $0, C =< $9, Count < 19 -> digits(R, N * 10 + C - $0, Count + 1);
digits(R, N, Count) -> {N, {Count, R}}.

pow10(0) -> 1;
pow10(N) -> 10 * pow10(N - 1).

unit(<<"ns", R/binary>>, _) -> {1, R};
unit(<<"us", R/binary>>, _) -> {?US, R};
unit(<<"µs"/utf8, R/binary>>, _) -> {?US, R};
unit(<<"ms", R/binary>>, _) -> {?MS, R};
unit(<<"s", R/binary>>, _) -> {?SECOND, R};
unit(<<"m", R/binary>>, _) -> {?MINUTE, R};
unit(<<"h", R/binary>>, _) -> {?HOUR, R};
unit(<<"d", R/binary>>, _) -> {?DAY, R};
unit(_, Text) -> no_duration(Text).

-spec no_duration(binary()) -> no_return().
no_duration(Text) -> mochi_core:fail([<<"not a duration: ">>, mochi_fmt:quote(Text)]).

-doc "The shortest text: `1h30m0s`, `1.5s`, `250ms`.".
-spec format_duration(integer()) -> binary().
format_duration(0) -> <<"0s">>;
format_duration(D) when D < 0 -> <<$-, (format_duration(-D))/binary>>;
format_duration(D) when D < ?US -> part(D, 1, "ns", 0);
format_duration(D) when D < ?MS -> part(D, ?US, "us", 3);
format_duration(D) when D < ?SECOND -> part(D, ?MS, "ms", 6);
format_duration(D) when D < ?MINUTE -> part(D, ?SECOND, "s", 9);
format_duration(D) when D < ?HOUR ->
    <<(integer_to_binary(D div ?MINUTE))/binary, $m, (part(D rem ?MINUTE, ?SECOND, "s", 9))/binary>>;
format_duration(D) ->
    R = D rem ?HOUR,
    <<(integer_to_binary(D div ?HOUR))/binary, $h, (integer_to_binary(R div ?MINUTE))/binary, $m,
      (part(R rem ?MINUTE, ?SECOND, "s", 9))/binary>>.

part(D, Unit, Name, Digits) ->
    iolist_to_binary([integer_to_list(D div Unit), fraction(D rem Unit, Digits), Name]).

-doc "Waits; requests that come back to this process are served meanwhile.".
-spec sleep(integer()) -> nil.
sleep(D) when is_integer(D) ->
    mochi_agent:serve_for(max(0, D + ?MS - 1) div ?MS),
    nil;
sleep(_) -> mochi_core:fail(<<"sleep expects a duration">>).
