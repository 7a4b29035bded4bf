%% Binaries: on the heap up to 64 bytes, outside above; what refers to them, what appending over-allocates, the virtual heap.
-module(mem_binaries).
-export([main/0]).

main() ->
    in_process(fun boundary/0), in_process(fun parts/0), in_process(fun appending/0), in_process(fun virtual/0),
    in_process(fun shared/0), in_process(fun matching/0).

in_process(F) ->
    {P, M} = spawn_monitor(F),
    receive {'DOWN', M, process, P, Why} -> io:format("~p~n", [Why]) end.

held() ->
    {binary, L} = process_info(self(), binary),
    lists:sort([{Size, Count} || {_, Size, Count} <- L]).

vheap() ->
    {garbage_collection_info, I} = process_info(self(), garbage_collection_info),
    {proplists:get_value(bin_vheap_size, I), proplists:get_value(bin_vheap_block_size, I),
     proplists:get_value(bin_old_vheap_size, I), proplists:get_value(bin_old_vheap_block_size, I)}.

boundary() ->
    [begin
         B = list_to_binary(lists:duplicate(N, 7)),
         garbage_collect(),
         io:format("~p bytes: ~p words, held ~w, ~p~n", [N, erts_debug:flat_size(B), held(), byte_size(B)])
     end || N <- [0, 1, 7, 8, 9, 63, 64, 65, 66, 100, 1000]].

parts() ->
    B = list_to_binary(lists:duplicate(1000, 7)),
    garbage_collect(),
    io:format("one: ~w~n", [held()]),
    P1 = binary:part(B, 10, 100),
    <<_:200/binary, P2:300/binary, _/binary>> = B,
    {P3, P4} = split_binary(B, 500),
    garbage_collect(),
    io:format("with parts: ~w ~w~n", [held(), [erts_debug:flat_size(X) || X <- [B, P1, P2, P3, P4]]]),
    Small = binary:part(B, 0, 10),
    C = binary:copy(P1),
    garbage_collect(),
    io:format("~w ~w~n", [held(), [{erts_debug:flat_size(X), binary:referenced_byte_size(X)} || X <- [Small, C, P1]]]),
    io:format("~p~n", [[byte_size(X) || X <- [B, P1, P2, P3, P4, Small, C]]]).

appending() ->
    append(<<>>, [1, 10, 100, 256, 257, 300, 512, 1000, 5000, 10000, 100000], 0).

append(_, [], _) -> ok;
append(B, [Next | Rest], N) when N >= Next ->
    io:format("appended ~p: ~w~n", [N, lists:usort([binary:referenced_byte_size(B) || true])]),
    append(B, Rest, N);
append(B, Sizes, N) -> append(<<B/binary, 1>>, Sizes, N + 1).

virtual() ->
    io:format("~w~n", [vheap()]),
    garbage_collect(),
    B = list_to_binary(lists:duplicate(100000, 7)),
    garbage_collect(),
    io:format("~w~n", [vheap()]),
    L = [list_to_binary(lists:duplicate(8000, I)) || I <- lists:seq(1, 20)],
    garbage_collect(),
    io:format("~w ~p~n", [vheap(), length(held())]),
    io:format("~p~n", [length(L) + byte_size(B)]).

shared() ->
    B = list_to_binary(lists:duplicate(1000, 7)),
    garbage_collect(),
    Me = self(),
    Ps = [spawn(fun() -> Me ! ready, receive stop -> byte_size(B) end end) || _ <- [1, 2, 3]],
    [receive ready -> ok end || _ <- Ps],
    io:format("four hold it: ~w~n", [held()]),
    [begin M = monitor(process, P), P ! stop, receive {'DOWN', M, _, _, _} -> ok end end || P <- Ps],
    io:format("one holds it: ~w ~p~n", [held(), byte_size(B)]),
    self() ! B,
    io:format("in the queue too: ~w~n", [held()]),
    receive X when is_binary(X) -> ok end,
    T = ets:new(t, []),
    ets:insert(T, {1, B}),
    garbage_collect(),
    io:format("in a table too: ~w~n", [held()]).

matching() ->
    B = list_to_binary(lists:duplicate(1000, 7)),
    garbage_collect(),
    io:format("~p~n", [count(B, 0)]),
    garbage_collect(),
    io:format("~w ~p~n", [held(), byte_size(B)]).

count(<<7, R/binary>>, N) -> count(R, N + 1);
count(<<>>, N) -> N.
