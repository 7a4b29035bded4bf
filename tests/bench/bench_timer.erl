%% Times a fun on the machine that runs it, at its own size and at ten times that. Prints the least of several times in
%% microseconds for both, and a hash of both results to compare.
-module(bench_timer).
-export([run/1]).

-spec run(fun((Scale :: pos_integer()) -> term())) -> ok.
run(Fun) ->
    {Small, Hash1} = measure(Fun, 1, 5),
    {Large, Hash10} = measure(Fun, 10, 2),
    io:format("~w ~w ~w~n", [Small, Large, erlang:phash2({Hash1, Hash10})]).

measure(Fun, Scale, Times) ->
    Hash = erlang:phash2(Fun(Scale)),
    {lists:min([once(Fun, Scale) || _ <- lists:seq(1, Times)]), Hash}.

once(Fun, Scale) ->
    erlang:garbage_collect(),
    Start = erlang:monotonic_time(microsecond),
    Fun(Scale),
    erlang:monotonic_time(microsecond) - Start.
