%% Terms of every kind alive across collections at awkward moments: in registers, on the stack, in messages, in the dictionary, in exceptions.
-module(gc_stress_shapes).
-export([main/0, id/1]).

main() ->
    Zoo = zoo(1),
    H = hash(Zoo),
    put(zoo, Zoo),
    Self = self(),
    [Self ! {zoo, I, zoo(I)} || I <- lists:seq(1, 50)],
    Live = frames(40, Zoo),
    io:format("~w~n", [hash(get(zoo)) =:= H]),
    io:format("~w~n", [Live]),
    io:format("~w~n", [lists:all(fun(I) -> receive {zoo, I, Z} -> hash(Z) =:= hash(zoo(I)) end end, lists:seq(50, 1, -1))]),
    io:format("~w~n", [across_exception(20)]),
    io:format("~w~n", [across_binary_match(list_to_binary(lists:seq(0, 255)), [])]),
    io:format("~w~n", [build_binary(300, <<>>, [])]),
    io:format("~w~n", [floats_and_bigs(200, 1.5, 1)]),
    io:format("~w~n", [update_everything(200, zoo(3))]),
    io:format("~w~n", [closures(100)]),
    io:format("~w~n", [receive_while_growing(200)]),
    io:format("~w~n", [sets_in_maps(60, #{})]),
    ok.

id(X) -> X.

zoo(I) -> {I, [I, I + 1 | tail], #{I => {I}, list => [I]}, <<I, "small">>, binary:copy(<<I>>, 100), I * 1.25, I bsl 70, -(I bsl 130),
           fun(X) -> {X, I} end, fun lists:map/2, "string", atom, [], {}, <<I:3>>, maps:from_list([{{k, K}, K * I} || K <- lists:seq(1, 40)])}.

hash(Z) -> erlang:phash2([element(N, Z) || N <- lists:seq(1, tuple_size(Z)), N =/= 9]) bxor element(2, (element(9, Z))(0)).

frames(0, Z) -> hash(Z);
frames(N, Z) ->
    A = {N, [N]}, B = zoo(N), C = integer_to_list(N),
    R = frames(N - 1, Z),
    {N, [N]} = A,
    N = list_to_integer(C),
    (R + hash(B)) band 16#ffffff.

across_exception(0) -> [];
across_exception(N) ->
    Keep = zoo(N),
    V = try lists:foldl(fun(X, S) when X =:= N -> throw({stop, S, [S | X], zoo(X)}); (X, S) -> [X | S] end, [], lists:seq(1, 50))
        catch throw:{stop, S, _, Z} -> {length(S), hash(Z) =:= hash(Keep)}
        end,
    [V | across_exception(N - 1)].

across_binary_match(<<A:12, B:4/bits, R/bits>>, Acc) -> across_binary_match(R, [{A, <<B/bits, 1:4>>, integer_to_list(A)} | Acc]);
across_binary_match(R, Acc) -> {R, erlang:phash2(Acc)}.

build_binary(0, B, L) -> {byte_size(B), erlang:crc32(B), length(L)};
build_binary(N, B, L) ->
    P = <<(integer_to_binary(N))/binary, (list_to_binary(lists:duplicate(N rem 70, N rem 256)))/binary>>,
    build_binary(N - 1, <<B/binary, P/binary>>, [P | L]).

floats_and_bigs(0, F, B) -> {F, erlang:phash2(B)};
floats_and_bigs(N, F, B) -> floats_and_bigs(N - 1, F * 1.01 + N, (B * 3 + (1 bsl N)) bxor (B bsr 2)).

update_everything(0, Z) -> hash(Z);
update_everything(N, Z) ->
    M = element(3, Z), L = element(16, Z),
    Z1 = setelement(3, Z, M#{N => [N]}),
    update_everything(N - 1, setelement(16, Z1, L#{{k, N} => id(N), {k, 1} => N})).

closures(N) ->
    Fs = [fun(X) -> {X, I, Big} end || I <- lists:seq(1, N), Big <- [I bsl 65]],
    erlang:phash2([F(I) || {F, I} <- lists:zip(Fs, lists:seq(1, N))]).

receive_while_growing(N) ->
    Self = self(),
    P = spawn_link(fun() -> [Self ! {item, I, zoo(I)} || I <- lists:seq(1, N)] end),
    L = [receive {item, I, Z} -> {I, hash(Z)} end || I <- lists:seq(1, N)],
    unlink(P),
    erlang:phash2(L).

sets_in_maps(0, M) -> erlang:phash2(lists:sort([{K, lists:sort(sets:to_list(S))} || {K, S} <- maps:to_list(M)]));
sets_in_maps(N, M) -> sets_in_maps(N - 1, maps:update_with(N rem 7, fun(S) -> sets:add_element(N, S) end, sets:new([{version, 2}]), M)).
