%% Random terms through operators, conversions, order, hashes, sorting and printing: a checksum per batch, and one of each
%% of its first results.
-module(num_random).
-export([main/0]).
-compile(nowarn_deprecated_function).
-define(M, 16#FFFFFFFFFFFF).
main() ->
  lists:foldl(fun batch/2, 12345, lists:seq(1, 60)), ok.
next(S) -> (S * 25214903917 + 11) band ?M.
rnd(S, N) -> S1 = next(S), {(S1 bsr 16) rem N, S1}.
batch(I, S) ->
  {Rs, S1} = loop(200, S, []),
    io:format("~w ~w ~w~n", [I, erlang:phash2(Rs, 1 bsl 32), [{element(1, R),
        erlang:phash2(R)} || R <- lists:sublist(Rs, 12)]]),
  S1.
loop(0, S, Acc) -> {lists:reverse(Acc), S};
loop(N, S, Acc) ->
  {Op, S1} = rnd(S, 48),
  {A, S2} = term(S1, 4), {B, S3} = term(S2, 4), {C, S4} = num(S3), {D, S5} = num(S4), {E, S6} = int(S5), {F,
      S7} = int(S6), {L, S8} = list(S7), {L2, S9} = list(S8),
  R = try op(Op, A, B, C, D, E, F, L, L2) catch K:Why -> {K, Why} end,
  loop(N - 1, S9, [{Op, R} | Acc]).
op(0,_,_,C,D,_,_,_,_) -> C + D;
op(1,_,_,C,D,_,_,_,_) -> C - D;
op(2,_,_,C,D,_,_,_,_) -> C * D;
op(3,_,_,C,D,_,_,_,_) -> C / D;
op(4,_,_,_,_,E,F,_,_) -> E div F;
op(5,_,_,_,_,E,F,_,_) -> E rem F;
op(6,_,_,_,_,E,F,_,_) -> E band F;
op(7,_,_,_,_,E,F,_,_) -> E bor F;
op(8,_,_,_,_,E,F,_,_) -> E bxor F;
op(9,_,_,_,_,E,F,_,_) -> bnot (E + F);
op(10,_,_,_,_,E,F,_,_) -> E bsl (F rem 300);
op(11,_,_,_,_,E,F,_,_) -> E bsr (F rem 300);
op(12,A,B,_,_,_,_,_,_) -> {A < B, A =< B, A == B, A =:= B, A > B, A >= B};
op(13,_,_,C,D,_,_,_,_) -> {C < D, C =< D, C == D, C =:= D, C > D, C >= D};
op(14,_,_,C,_,_,_,_,_) -> {trunc(C), round(C), floor(C), ceil(C), abs(C), -C};
op(15,_,_,_,_,E,F,_,_) -> integer_to_list(E * F, 2 + abs(F) rem 35);
op(16,_,_,_,_,E,F,_,_) -> B = 2 + abs(F) rem 35, E = list_to_integer(integer_to_list(E, B), B),
    binary_to_integer(integer_to_binary(E, B), B);
op(17,_,_,C,_,_,_,_,_) -> F = float(C), {float_to_list(F, [short]), float_to_list(F), float_to_list(F, [{decimals,
    3}]), float_to_list(F, [{decimals,7},compact]), float_to_binary(F, [{scientific, 4}])};
op(18,_,_,C,_,_,_,_,_) -> list_to_float(float_to_list(float(C), [short]));
op(19,_,_,_,_,_,_,L,_) -> lists:sort(L);
op(20,_,_,_,_,_,_,L,_) -> lists:usort(L);
op(21,_,_,_,_,_,_,L,L2) -> L ++ L2;
op(22,_,_,_,_,_,_,L,L2) -> (L ++ L2) -- L;
op(23,_,_,_,_,_,_,L,L2) -> maps:to_list(maps:from_list([{X, Y} || X <- L, Y <- L2, no_atoms(X)]));
op(24,A,B,_,_,_,_,L,_) -> {lists:member(A, [B | L]), lists:keyfind(A, 1, [{B, 1}, {A, 2} | L])};
op(25,A,_,_,_,_,_,_,_) -> erlang:phash(A, 1 bsl 32);
op(26,A,_,_,_,_,_,_,_) -> erts_debug:flat_size(A);
op(27,A,_,_,_,_,_,_,_) -> erts_internal:term_to_string(A, undefined);
op(28,A,_,_,_,_,_,_,_) -> lists:flatten(io_lib:format("~w", [A]));
op(29,A,_,_,_,_,_,_,_) -> lists:flatten(io_lib:format("~p", [A]));
op(30,_,_,_,_,_,_,L,_) -> list_to_tuple(L);
op(31,A,_,_,_,E,_,L,_) -> setelement(1 + abs(E) rem 7, list_to_tuple(L), A);
op(32,A,_,_,_,E,_,L,_) -> erlang:insert_element(1 + abs(E) rem 7, list_to_tuple(L), A);
op(33,_,_,_,_,E,_,L,_) -> erlang:delete_element(1 + abs(E) rem 7, list_to_tuple(L));
op(34,_,_,C,_,_,_,_,_) -> {math:sqrt(abs(C)), math:floor(C), math:ceil(C)};
op(35,A,_,_,_,_,_,_,_) -> T = term_to_binary(A), {A =:= binary_to_term(T), byte_size(T) > 0};
op(36,A,B,_,_,_,_,_,_) -> {min(A,B), max(A,B)};
op(37,A,B,_,_,_,_,_,_) -> lists:sort([{A},{B},[A],[B],#{1=>A},#{1=>B},A,B]);
op(38,_,_,C,D,_,_,_,_) -> lists:sort([C, D, float(C), trunc(D), C + 0.5]);
op(39,_,_,_,_,_,_,L,L2) -> lists:sort([maps:from_list([{X, 1} || X <- L]), maps:from_list([{X, 2} || X <- L2]),
    maps:from_list([{X, 1} || X <- L2])]);
op(40,_,_,_,_,E,_,L,_) -> big_map(L, abs(E) rem 100);
op(41,A,_,_,_,_,_,_,_) -> {is_integer(A), is_float(A), is_list(A), is_tuple(A), is_map(A), is_binary(A),
    is_bitstring(A), is_number(A), is_atom(A)};
op(42,_,_,C,D,_,_,_,_) -> C * D + C - D * 2;
op(43,_,_,_,_,E,F,_,_) -> E * F * E div (F + 1);
op(44,_,_,_,_,E,F,_,_) -> M1 = big_map([], 40), M2 = maps:put(E, F, big_map([], 41)), {M1 < M2, maps:keys(M2)};
op(45,_,_,_,_,_,_,L,_) -> lists:reverse(L, tail);
op(46,A,_,_,_,_,_,L,_) -> lists:keysort(1, [{A, X} || X <- L]);
op(47,_,_,_,_,E,_,_,_) -> {integer_to_list(E), integer_to_binary(E, 16), erlang:crc32(integer_to_list(E)),
    erlang:adler32(integer_to_list(E)), erlang:md5(integer_to_list(E))}.
no_atoms(A) when is_atom(A) -> false;
no_atoms([H|T]) -> no_atoms(H) andalso (T =:= [] orelse no_atoms(T));
no_atoms(T) when is_tuple(T) -> no_atoms(tuple_to_list(T));
no_atoms(M) when is_map(M) -> no_atoms(maps:to_list(M));
no_atoms(_) -> true.
big_map(L, N) -> M = maps:from_list([{I, I} || I <- lists:seq(1, N)] ++ [{X, 1} || X <- L, no_atoms(X)]),
    {maps:to_list(M), erlang:phash2(M)}.
int(S) ->
  {K, S1} = rnd(S, 8),
  case K of
    0 -> {X, S2} = rnd(S1, 21), {X - 10, S2};
    1 -> {X, S2} = rnd(S1, 1 bsl 31), {X - (1 bsl 30), S2};
    2 -> {X, S2} = bits(S1, 2), {X - (1 bsl 59), S2};
    3 -> {X, S2} = bits(S1, 2), {-X, S2};
    4 -> {N, S2} = rnd(S1, 12), {X, S3} = bits(S2, N), {X, S3};
    5 -> {N, S2} = rnd(S1, 12), {X, S3} = bits(S2, N), {-X, S3};
    6 -> {N, S2} = rnd(S1, 200), {D, S3} = rnd(S2, 5), {(1 bsl N) + D - 2, S3};
    7 -> {N, S2} = rnd(S1, 200), {D, S3} = rnd(S2, 5), {-(1 bsl N) + D - 2, S3}
  end.
bits(S, 0) -> {0, S};
bits(S, N) -> {X, S1} = rnd(S, 1 bsl 32), {Y, S2} = bits(S1, N - 1), {X bor (Y bsl 32), S2}.
flt(S) ->
  {K, S1} = rnd(S, 4),
  case K of
    0 -> {X, S2} = rnd(S1, 2000), {(X - 1000) / 4, S2};
    1 -> {X, S2} = bits(S1, 2), try <<F/float>> = <<X:64>>, {F, S2} catch _:_ -> {0.0, S2} end;
    2 -> {X, S2} = int(S1), {try float(X) catch _:_ -> 1.5 end, S2};
    3 -> {X, S2} = rnd(S1, 1 bsl 31), {Y, S3} = rnd(S2, 40), {X * math:pow(10, Y - 20), S3}
  end.
num(S) -> {K, S1} = rnd(S, 3), case K of 0 -> flt(S1); _ -> int(S1) end.
list(S) -> {N, S1} = rnd(S, 7), lists:mapfoldl(fun(_, T) -> term(T, 2) end, S1, lists:seq(1, N)).
term(S, D) ->
  {K, S1} = rnd(S, 12),
  case K of
    _ when D =:= 0, K > 4 -> int(S1);
    0 -> num(S1); 1 -> flt(S1); 2 -> {X, S2} = rnd(S1, 8), {lists:nth(X + 1, [a, b, foo, 'Bar', [], {}, <<>>, #{}]),
        S2};
    3 -> {X, S2} = bits(S1, 3), {N, S3} = rnd(S2, 96), {<<X:N>>, S3};
    4 -> {X, S2} = rnd(S1, 5), {X, S2};
    5 -> {A, S2} = term(S1, D - 1), {B, S3} = term(S2, D - 1), {{A, B}, S3};
    6 -> {A, S2} = term(S1, D - 1), {B, S3} = term(S2, D - 1), {[A, B], S3};
    7 -> {A, S2} = term(S1, D - 1), {B, S3} = term(S2, D - 1), {[A | B], S3};
    8 -> {A, S2} = term(S1, D - 1), {B, S3} = term(S2, D - 1), {#{A => B}, S3};
    9 -> {X, S2} = bits(S1, 2), {integer_to_list(X), S2};
    10 -> {A, S2} = term(S1, D - 1), {B, S3} = term(S2, D - 1), {#{A => B, B => A, 1 => x}, S3};
    11 -> int(S1)
  end.
