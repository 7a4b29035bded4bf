%% Guards: BIFs, boolean operators, comma and semicolon, failure inside.
-module(guards).
-export([main/0]).

main() ->
    Ts = [0, 1, -1, 1.5, a, true, "abc", [], [a | b], {}, {1, 2}, #{}, #{a => 1}, <<>>, <<1>>, <<1:3>>, self(), make_ref(), fun main/0, fun(X) -> X end, 1 bsl 70],
    [io:format("~w~n", [types(T)]) || T <- Ts],
    [io:format("~w ", [size_class(T)]) || T <- Ts],
    io:nl(),
    [io:format("~w ", [comma(T)]) || T <- Ts],
    io:nl(),
    [io:format("~w ", [semicolon(T)]) || T <- Ts],
    io:nl(),
    [io:format("~w ", [bools(A, B)]) || A <- [true, false, x], B <- [true, false, x]],
    io:nl(),
    [io:format("~w ", [range(X)]) || X <- [-5, 0, 5, 10, 15, 1.5, 99.9, a]],
    io:nl(),
    [io:format("~w ", [fun_arity(F)]) || F <- [fun() -> 1 end, fun(_) -> 1 end, fun lists:map/2, x]],
    io:nl(),
    [io:format("~w ", [numeric(X)]) || X <- [1, -1, 2.7, -2.7, 1 bsl 65, a]],
    io:nl(),
    [io:format("~w ", [strange(X)]) || X <- [{}, {a}, {a, b}, [], [1], "ab", <<"x">>, 7]],
    io:nl(),
    ok.

types(T) ->
    [N || {N, B} <- [{atom, is_atom(T)}, {boolean, is_boolean(T)}, {integer, is_integer(T)}, {float, is_float(T)}, {number, is_number(T)},
                     {list, is_list(T)}, {tuple, is_tuple(T)}, {map, is_map(T)}, {binary, is_binary(T)}, {bitstring, is_bitstring(T)},
                     {pid, is_pid(T)}, {reference, is_reference(T)}, {function, is_function(T)}, {function1, is_function(T, 1)}, {port, is_port(T)}], B].

size_class(T) when is_tuple(T), tuple_size(T) > 1 -> big_tuple;
size_class(T) when byte_size(T) =:= 1, bit_size(T) < 8 -> part_byte;
size_class(T) when length(T) > 2 -> long_list;
size_class(T) when map_size(T) > 0 -> map_with_keys;
size_class(T) when is_map_key(a, T) -> never;
size_class(_) -> other.

comma(X) when is_integer(X), X > 0, X < 100 -> small;
comma(X) when is_list(X), X =/= [], hd(X) =:= $a -> starts_with_a;
comma(_) -> no.

semicolon(X) when X =:= a; X =:= "abc"; hd(X) =:= a -> yes;
semicolon(X) when tuple_size(X) =:= 0; X =:= true -> also;
semicolon(_) -> no.

bools(A, B) when A and B -> both;
bools(A, B) when A xor B -> one;
bools(A, _) when not A -> neither;
bools(A, B) when A =:= x orelse B =:= x -> strange;
bools(_, _) -> none.

range(X) when X >= 0 andalso X < 10, is_integer(X) -> digit;
range(X) when is_float(X) andalso (X > 50 orelse X < 1) -> far;
range(X) when is_number(X) -> number;
range(_) -> none.

fun_arity(F) when is_function(F, 0) -> zero;
fun_arity(F) when is_function(F, 2) -> two;
fun_arity(F) when is_function(F) -> some;
fun_arity(_) -> none.

numeric(X) when abs(X) > 1 bsl 60 -> huge;
numeric(X) when trunc(X) =:= 2 -> two;
numeric(X) when round(X) =:= -3 -> minus_three;
numeric(X) when X rem 2 =:= 1, X div 1 =:= 1 -> one;
numeric(X) when -X =:= 1 -> minus_one;
numeric(X) when X band 1 =:= 1 -> odd;
numeric(_) -> none.

strange(X) when element(2, X) =:= b -> second_b;
strange(X) when element(1, X) =:= a -> first_a;
strange(X) when tl(X) =:= [] -> single;
strange(X) when hd(tl(X)) =:= $b -> b_second;
strange(X) when binary_part(X, 0, 1) =:= <<"x">> -> x_first;
strange(X) when self() =:= X; node() =:= X -> never;
strange(X) when {X} =:= {7} -> seven;
strange(_) -> none.
