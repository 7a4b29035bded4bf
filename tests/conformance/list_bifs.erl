%% List BIFs, improper lists, string-like lists, iolists.
-module(list_bifs).
-export([main/0, id/1]).

main() ->
    io:format("~w ~w ~w~n", [hd([1, 2]), tl([1, 2]), length([1, 2, 3])]),
    io:format("~w~n", [[1, 2 | id(x)]]),
    io:format("~w~n", [[a | [b | [c | []]]]]),
    io:format("~w ~w~n", [list_to_atom("hello"), atom_to_list('with space')]),
    io:format("~w ~w~n", [list_to_integer("-123"), list_to_integer("FF", 16)]),
    io:format("~w ~w~n", [integer_to_list(255, 2), integer_to_list(-255, 36)]),
    io:format("~w~n", [list_to_binary([1, [2, <<3, 4>>], [[[5]]] | <<6>>])]),
    io:format("~w~n", [iolist_to_binary(["abc", $d, <<"ef">>, [[]]])]),
    io:format("~w~n", [iolist_size(["abc", $d, <<"ef">>, [[]]])]),
    io:format("~w~n", [binary_to_list(<<"hello">>)]),
    io:format("~w ~w~n", [binary_to_list(<<"hello">>, 2, 4), list_to_bitstring([<<1:3>>, 2])]),
    io:format("~w~n", [bitstring_to_list(<<1, 2, 3:3>>)]),
    io:format("~w ~w~n", [is_list([]), is_list([a | b])]),
    io:format("~w ~w~n", [[] =:= id([]), [] == id("")]),
    io:format("~w~n", [[X || X <- "hello", X =/= $l]]),
    io:format("~s~n", [[$h, "ell", [<<"o">>]]]),
    io:format("~w~n", [lists:foldl(fun(E, A) -> A ++ [E] end, [], [1, 2, 3])]),
    io:format("~w~n", [long(10000, [])]),
    io:format("~w~n", [length(lists:seq(1, 100000))]),
    io:format("~w~n", [iolist_size(deep(2000))]),
    [io:format("~w~n", [try F() catch C:R -> {C, R} end]) ||
        F <- [fun() -> hd(id(x)) end, fun() -> list_to_binary(id([256])) end, fun() -> list_to_binary(id([-1])) end,
              fun() -> list_to_binary(id(["a" | b])) end, fun() -> list_to_atom(id([a])) end, fun() -> list_to_integer(id("")) end,
              fun() -> list_to_integer(id("12x")) end, fun() -> list_to_integer(id("-")) end, fun() -> iolist_size(id([a])) end,
              fun() -> list_to_integer(id("9"), id(8)) end, fun() -> integer_to_list(id(1), id(37)) end,
              fun() -> binary_to_list(id(<<"abc">>), id(2), id(5)) end, fun() -> list_to_binary(id(5)) end]],
    ok.

id(X) -> X.

long(0, Acc) -> length(Acc);
long(N, Acc) -> long(N - 1, [N | Acc]).

deep(0) -> [];
deep(N) -> [N band 255, deep(N - 1)].
