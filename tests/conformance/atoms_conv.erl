%% Atoms: text both ways, Unicode, existing atoms, limits.
-module(atoms_conv).
-export([main/0, id/1]).

main() ->
    As = [a, 'A b', '', 'åäö', '日本語', 'it\'s', 'new\nline', 'with"quote', true, undefined],
    [io:format("~tw ~w ~w ~w~n", [A, atom_to_list(A), atom_to_binary(A), byte_size(atom_to_binary(A))]) || A <- As],
    io:format("~w~n", [[list_to_atom(atom_to_list(A)) =:= A || A <- As]]),
    io:format("~w~n", [[binary_to_atom(atom_to_binary(A)) =:= A || A <- As]]),
    io:format("~w ~w~n", [binary_to_atom(<<"caf", 233>>, latin1) =:= 'café', atom_to_binary('café', latin1)]),
    io:format("~w~n", [list_to_existing_atom("undefined")]),
    io:format("~w~n", [try list_to_existing_atom("no_atom_of_this_name_" ++ integer_to_list(id(17))) catch C:R -> {C, R} end]),
    X = list_to_atom("made_" ++ integer_to_list(id(42))),
    io:format("~w ~w~n", [X, list_to_existing_atom("made_42") =:= X]),
    Long = lists:duplicate(255, $x),
    io:format("~w~n", [length(atom_to_list(list_to_atom(Long)))]),
    io:format("~w~n", [length(atom_to_list(list_to_atom(lists:duplicate(255, 8364))))]),
    [io:format("~w~n", [try F() catch C2:R2 -> {C2, R2} end]) ||
        F <- [fun() -> list_to_atom([$x | Long]) end, fun() -> list_to_atom(id([-1])) end, fun() -> list_to_atom(id([16#110000])) end,
              fun() -> list_to_atom(id([16#D800])) end, fun() -> binary_to_atom(id(<<195>>)) end, fun() -> atom_to_list(id("x")) end,
              fun() -> atom_to_binary(id(1)) end, fun() -> atom_to_binary(id('日'), latin1) end, fun() -> list_to_atom(id(x)) end]],
    io:format("~w~n", [lists:sort(As)]),
    io:format("~w~n", [[A < b || A <- As]]),
    io:format("~w ~w~n", [is_atom(a), is_boolean(a)]),
    io:format("~w~n", [lists:usort([list_to_atom([C3]) || C3 <- "hello world"])]),
    io:format("~w~n", [length([list_to_atom("gen" ++ integer_to_list(I)) || I <- lists:seq(1, 2000)])]),
    ok.

id(X) -> X.
