-module(agents).
-behaviour(gen_server).
-export([main/0, init/1, handle_call/3, handle_cast/2]).
main() ->
    {ok, A} = gen_server:start(?MODULE, [], []),
    N = pings(A, 0),
    io:format("~w ~w~n", [N, gen_server:call(A, total)]),
    gen_server:stop(A).
pings(_, 20000) -> 20000;
pings(A, N) -> pings(A, gen_server:call(A, {ping, N})).
init([]) -> {ok, 0}.
handle_call({ping, N}, _, Hits) -> {reply, N + 1, Hits + 1};
handle_call(total, _, Hits) -> {reply, Hits, Hits}.
handle_cast(_, S) -> {noreply, S}.
