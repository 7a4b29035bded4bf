%% A gen_server that is called and cast to.
-module(bench_server).
-behaviour(gen_server).
-export([main/0, init/1, handle_call/3, handle_cast/2]).

main() -> bench_timer:run(fun(K) -> serve(5000 * K) end).

serve(N) ->
    {ok, Pid} = gen_server:start_link(?MODULE, [], []),
    Sum = call(Pid, N, 0),
    gen_server:stop(Pid),
    Sum.

call(_, 0, Sum) -> Sum;
call(Pid, N, Sum) ->
    gen_server:cast(Pid, {add, N}),
    call(Pid, N - 1, (Sum + gen_server:call(Pid, {get, N})) band 16#FFFFFFF).

init([]) -> {ok, 0}.
handle_call({get, N}, _From, S) -> {reply, S + N, S}.
handle_cast({add, N}, S) -> {noreply, (S + N) band 16#FFFFFF}.
