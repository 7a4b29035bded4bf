%% SPDX-License-Identifier: Apache-2.0
-module(work_in_slices).
-export([main/0]).
%% Built-in functions on large data: right results, other processes that run in between, errors at the far end, collections in the middle.

main() ->
    L = lists:seq(1, 100000),
    Pairs = [{{K, K rem 7}, K} || K <- L],
    sliced(from_list, fun() -> maps:from_list(Pairs) end, fun(M) -> {map_size(M), maps:get({77, 0}, M)} end),
    sliced(from_keys, fun() -> maps:from_keys(L, x) end, fun(M) -> {map_size(M), maps:get(99999, M), maps:is_key(0, M)} end),
    M = maps:from_keys(L, x),
    sliced(keys, fun() -> maps:keys(M) end, fun(Ks) -> lists:sort(Ks) =:= L end),
    sliced(values, fun() -> maps:values(maps:from_list(Pairs)) end, fun(Vs) -> lists:sum(Vs) end),
    show(keys_in_order, maps:keys(M) =:= lists:reverse([K || {K, _} <- maps:to_list(maps:iterator(M))])
         orelse maps:keys(M) =:= [K || {K, _} <- maps:to_list(M)]),
    same_as_small(),
    doubles(),
    sliced(append, fun() -> L ++ [a | b] end, fun(R) -> {hd(R), lists:nth(100001, R)} end),
    sliced(reverse, fun() -> lists:reverse(L, tail) end, fun(R) -> {hd(R), length(lists:droplast(L))} end),
    sliced(member, fun() -> {lists:member(100000, L), lists:member(0, L)} end, fun(R) -> R end),
    sliced(keyfind, fun() -> {lists:keyfind(99999, 2, Pairs), lists:keymember(0, 2, Pairs), lists:keysearch(99998, 2, Pairs)} end,
           fun(R) -> R end),
    Bad = lists:seq(1, 5000) ++ bad,
    Few = lists:sublist(Pairs, 5000),
    [show(bad, {What, fault(F)})
     || {What, F} <- [{from_list, fun() -> maps:from_list(Few ++ [x]) end},
                      {from_keys, fun() -> maps:from_keys(Bad, 1) end}, {reverse, fun() -> lists:reverse(Bad, []) end},
                      {member, fun() -> lists:member(0, Bad) end}, {keyfind, fun() -> lists:keyfind(0, 1, Bad) end},
                      {append, fun() -> Bad ++ [] end}]],
    %% A process that is killed in the middle.
    {P, Ref} = spawn_monitor(fun() -> [maps:from_list(Pairs) || _ <- lists:seq(1, 100)] end),
    receive after 1 -> exit(P, kill) end,
    receive {'DOWN', Ref, process, P, Why} -> show(killed, Why) end.

%% The work in a process of its own that is collected while it works; a second one gets its turns in between.
sliced(What, Work, Look) ->
    Me = self(),
    {P, Ref} = spawn_monitor(fun() -> R = Work(), exit({done, Look(R)}) end),
    C = spawn(fun() -> busy(P, 0) end),
    receive {'DOWN', Ref, process, P, {done, R}} -> ok end,
    C ! {count, Me},
    receive {turns, N} -> show(What, {R, N > 0}) end.

busy(P, N) ->
    receive {count, To} -> To ! {turns, N}
    after 0 ->
            N < 5 andalso erlang:garbage_collect(P),
            erlang:yield(),
            busy(P, N + 1)
    end.

%% A map that is made in parts is the map that is made pair by pair.
same_as_small() ->
    show(same, [begin
                    Ps = [{mix(K), K} || K <- lists:seq(1, N)],
                    A = maps:from_list(Ps),
                    B = lists:foldl(fun({K, V}, Acc) -> Acc#{K => V} end, #{}, Ps),
                    {N, map_size(A), A =:= B, maps:to_list(A) =:= maps:to_list(B), erts_debug:flat_size(A) =:= erts_debug:flat_size(B),
                     lists:sort(maps:keys(A)) =:= lists:sort(maps:keys(B))}
                end || N <- [0, 31, 32, 33, 999, 1000, 1001, 5000, 40000]]).

mix(K) when K rem 5 =:= 0 -> {K, [K]};
mix(K) when K rem 3 =:= 0 -> integer_to_binary(K);
mix(K) when K rem 7 =:= 0 -> K * 1.5;
mix(K) -> K.

%% Of pairs with the same key the last counts, however many there are.
doubles() ->
    Ps = [{K rem 50, K} || K <- lists:seq(1, 20000)],
    M = maps:from_list(Ps),
    show(doubles, {map_size(M), lists:sum(maps:values(M))}),
    N = maps:from_list([{K rem 20, K} || K <- lists:seq(1, 20000)]),
    show(flat, {map_size(N), N =:= maps:from_list(maps:to_list(N)), erts_debug:flat_size(N)}).

show(What, Value) -> io:format("~p: ~tp~n", [What, Value]).

fault(F) ->
    try F() of
        _ -> none
    catch
        C:E:Stack ->
            {Mod, Fun, A, _} = hd(Stack),
            {C, E, Mod, Fun, length(A)}
    end.
