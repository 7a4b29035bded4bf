%% Times a fun on the machine that runs it: prints the least of several times in microseconds, and the result's hash to compare.
-module(bench_timer).
-export([run/1]).

-spec run(fun(() -> term())) -> ok.
run(Fun) ->
    Result = Fun(),
    Times = [once(Fun) || _ <- lists:seq(1, 5)],
    io:format("~w ~w~n", [lists:min(Times), erlang:phash2(Result)]).

once(Fun) ->
    Start = erlang:monotonic_time(microsecond),
    Fun(),
    erlang:monotonic_time(microsecond) - Start.
