%% term_to_binary and binary_to_term: bytes, round trips, options, garbage.
-module(ext_terms).
-export([main/0, id/1]).

main() ->
    Ts = [0, 255, 256, -1, 1 bsl 31, -(1 bsl 31), (1 bsl 31) - 1, 1 bsl 32, 1 bsl 64, -(1 bsl 64), 1 bsl 2100, 1.5, -0.0, 1.0e100, a, '', 'åäö', true, [], [1, 2, 3], "string",
          [300, a], [a | b], [[[1]]], {}, {1, 2}, list_to_tuple(lists:seq(1, 300)), <<>>, <<"bin">>, <<5:3>>, #{}, #{a => 1}, #{1 => a, 2 => b},
          fun lists:map/2, fun ?MODULE:id/1, lists:duplicate(5, {x, "y", <<"z">>}), list_to_binary(lists:seq(0, 255)), lists:seq(250, 260)],
    [begin
         B = term_to_binary(T),
         io:format("~w ~w ~w~n", [byte_size(B), erlang:crc32(B), binary_to_term(B) =:= T])
     end || T <- Ts],
    [io:format("~w~n", [term_to_binary(T)]) || T <- Ts, byte_size(term_to_binary(T)) < 60],
    io:format("~w~n", [[binary_to_term(term_to_binary(T, [{minor_version, 1}])) =:= T || T <- Ts]]),
    io:format("~w~n", [[binary_to_term(term_to_binary(T, [compressed])) =:= T || T <- Ts]]),
    io:format("~w~n", [[erlang:external_size(T) >= byte_size(term_to_binary(T)) || T <- Ts]]),
    io:format("~w~n", [iolist_to_binary(erlang:term_to_iovec({a, <<"b">>})) =:= term_to_binary({a, <<"b">>})]),
    P = self(), R = make_ref(),
    io:format("~w ~w~n", [binary_to_term(term_to_binary(P)) =:= P, binary_to_term(term_to_binary(R)) =:= R]),
    X = id(7), F = fun(Y) -> X + Y end,
    io:format("~w~n", [(binary_to_term(term_to_binary(F)))(1)]),
    io:format("~w~n", [binary_to_term(<<131, 107, 0, 3, "abc", "rest">>, [used])]),
    io:format("~w~n", [binary_to_term(<<131, 100, 0, 3, "old">>)]),
    io:format("~w~n", [binary_to_term(<<131, 99, "1.50000000000000000000e+00", 0, 0, 0, 0, 0>>)]),
    io:format("~w~n", [term_to_binary(#{c => 3, a => 1, b => 2}, [deterministic])]),
    [io:format("~w: ~w~n", [B, try binary_to_term(B) catch C:E -> {C, E} end]) ||
        B <- [<<>>, <<131>>, <<130, 97, 1>>, <<131, 97>>, <<131, 108, 0, 0, 0, 2, 97, 1>>, <<131, 107, 255, 255, 1>>, <<131, 250>>, <<131, 104, 3, 97, 1>>,
              <<131, 109, 255, 255, 255, 255, 1>>, <<131, 70, 127, 240, 0, 0, 0, 0, 0, 0>>, <<131, 116, 0, 0, 0, 2, 97, 1, 97, 2, 97, 1, 97, 3>>,
              <<131, 119, 1, 255>>, <<131, 77, 0, 0, 0, 1, 9, 255>>, <<131, 108, 0, 0, 0, 1, 97, 1, 97, 2>>]],
    io:format("~w~n", [try binary_to_term(<<131, 119, 24, "never_seen_atom_xyzzy_42">>, [safe]) catch C2:E2 -> {C2, E2} end]),
    [io:format("~w ", [catch_all(cut(B, N))]) || B <- [term_to_binary({a, [1, 2.5, "s"], #{k => <<"v">>}})], N <- lists:seq(0, byte_size(B))],
    io:nl(),
    ok.

id(X) -> X.
cut(B, N) -> binary_part(B, 0, N).
catch_all(B) -> try binary_to_term(B) of _ -> ok catch error:badarg -> bad end.
