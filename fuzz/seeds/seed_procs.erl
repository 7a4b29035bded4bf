%% A seed for the fuzz target `exec`: exceptions, processes, receive, the process dictionary.
-module(seed_procs).
-export([tries/1, nested/1, after_/1, server/1, echo/1, timed/0, links/0, dict/1, deep/1, raise/2, big/1]).
tries(F) -> try F(1) of X -> {ok, X} catch throw:T -> {t, T}; error:E:S -> {e, E, is_list(S)}; exit:X -> {x, X} after put(k, F) end.
nested(X) ->
    A = (catch begin B = (catch element(X, {1, 2})), {B, hd(X)} end),
    try try throw({X, A}) catch error:_ -> 1 end catch throw:{Y, _} -> [Y, A] end.
after_(X) -> try X + 1 catch _:_:S -> erlang:raise(error, {again, X}, S) after put(x, X) end.
server(N) -> P = spawn(fun() -> loop(N, []) end), P ! {add, 1, self()}, P ! other, receive {P, R} -> R after 10 -> none end.
loop(N, L) ->
    receive
        {add, X, From} when is_pid(From) -> From ! {self(), [X | L]}, loop(N, [X | L]);
        stop -> ok;
        Other when length(L) < 5 -> loop(N, [Other | L])
    after 50 -> L
    end.
echo(X) -> self() ! X, self() ! {X, X}, self() ! [X],
    A = receive [Y] -> Y end, B = receive {Z, _} -> Z end, {A, B, receive W -> W end, receive V -> V after 0 -> none end}.
timed() -> R = make_ref(), erlang:send_after(1, self(), {R, done}), receive {R, M} -> M after 100 -> late end.
links() -> process_flag(trap_exit, true), P = spawn_link(fun() -> exit({a, self()}) end),
    M = monitor(process, P), receive {'EXIT', P, W} -> receive {'DOWN', M, _, _, _} -> W end end.
dict(X) -> put({k, X}, [X, X]), Y = get({k, X}), put(c, length(Y)), erase({k, X}), get().
deep(N) when is_integer(N), N > 0, N < 1000 -> [N | deep(N - 1)];
deep(_) -> [].
raise(C, R) -> catch erlang:raise(C, R, []), catch error(R, [C]), catch exit(C), apply(?MODULE, deep, [R]).
big(N) -> L = deep(200), B = list_to_binary([X band 255 || X <- L]), T = list_to_tuple(L),
    {byte_size(<<B/binary, B/binary>>), tuple_size(setelement(1, T, N)), garbage_collect(), maps_of(L)}.
maps_of(L) -> M = maps_of(L, #{}), map_size(M).
maps_of([H | T], M) -> maps_of(T, M#{H => T});
maps_of([], M) -> M.
