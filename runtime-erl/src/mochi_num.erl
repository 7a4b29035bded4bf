-module(mochi_num).
-moduledoc """
Arithmetic for operands of any kind: what the compiled code calls where the BEAM's own instructions do not do. Null absorbs, infinities and NaN are atoms,
rationals stay exact, digits in a text count as their number. Conversions to numbers and the numeric built-ins are here, too.
""".

-export([join/2, add_any/2, float_add/2, float_sub/2, float_mul/2, float_divide/2, float_rem/2]).
-export([add/2, sub/2, mul/2, divide/2, 'rem'/2, add_num/2, neg/1, number/1, cannot/2]).
-export([to_int/1, to_float/1, to_bigrat/1, round/1, round/2, abs/1, ceil/1, floor/1, pow/2, num/1, denom/1]).

-compile({no_auto_import, [round/1, abs/1, ceil/1, floor/1]}).

-type value() :: term().

-doc "`+`: numbers, else texts, else lists; null absorbs.".
-spec add(value(), value()) -> value().
add(X, Y) -> add_any(X, Y).

-doc "The same, every case of it: our VM does short strings itself.".
-spec add_any(value(), value()) -> value().
add_any(X, Y) when is_number(X), is_number(Y) -> float_op('+', X, Y);
add_any(nil, _) -> nil;
add_any(_, nil) -> nil;
add_any(X, Y) when is_binary(X), is_binary(Y) ->
    if
        %% Short ones without room to grow behind them.
        byte_size(X) + byte_size(Y) =< 64 -> iolist_to_binary([X, Y]);
        true -> <<X/binary, Y/binary>>
    end;
add_any(X, Y) when is_binary(X); is_binary(Y) ->
    iolist_to_binary([mochi_core:str(X), mochi_core:str(Y)]);
add_any({'$v', _, _, _, _} = X, Y) -> mochi_list:concat([X, Y]);
add_any({'$cell', _, _} = X, Y) -> add(mochi_cell:plain(X), Y);
add_any(X, {'$cell', _, _} = Y) -> add(X, mochi_cell:plain(Y));
add_any(X, Y) -> special('+', X, Y).

-doc "`+` where the program means texts: a long one grows at its end.".
-spec join(value(), value()) -> value().
join(X, Y) when is_binary(X), byte_size(X) > 64, is_binary(Y) -> <<X/binary, Y/binary>>;
join(X, Y) -> add(X, Y).

-doc "`+` where the program means numbers: digits in a text count as their number.".
-spec add_num(value(), value()) -> value().
add_num(X, Y) when is_binary(X), is_binary(Y) -> <<X/binary, Y/binary>>;
add_num(X, Y) when is_binary(X), is_number(Y) ->
    case number(X) of
        none -> add(X, Y);
        N -> add(N, Y)
    end;
add_num(X, Y) when is_number(X), is_binary(Y) ->
    case number(Y) of
        none -> add(X, Y);
        N -> add(X, N)
    end;
add_num(X, Y) -> add(X, Y).

-doc "`-`".
-spec sub(value(), value()) -> value().
sub(X, Y) -> special('-', X, Y).

-doc "`*`".
-spec mul(value(), value()) -> value().
mul(X, Y) -> special('*', X, Y).

-doc "`/`: truncating on two ints.".
-spec divide(value(), value()) -> value().
divide(X, Y) -> special('/', X, Y).

-doc "`%`: sign of the dividend; `fmod` as soon as a float takes part.".
-spec 'rem'(value(), value()) -> value().
'rem'(X, Y) -> special('%', X, Y).

-doc "`+` of what the program declares floats: two ints are taken as floats.".
-spec float_add(value(), value()) -> value().
float_add(X, Y) when is_integer(X), is_integer(Y) -> add(to_float(X), Y);
float_add(X, Y) -> add_num(X, Y).
-doc "`-` of floats.".
-spec float_sub(value(), value()) -> value().
float_sub(X, Y) when is_integer(X), is_integer(Y) -> sub(to_float(X), Y);
float_sub(X, Y) -> sub(X, Y).
-doc "`*` of floats.".
-spec float_mul(value(), value()) -> value().
float_mul(X, Y) when is_integer(X), is_integer(Y) -> mul(to_float(X), Y);
float_mul(X, Y) -> mul(X, Y).
-doc "`/` of floats.".
-spec float_divide(value(), value()) -> value().
float_divide(X, Y) when is_integer(X), is_integer(Y) -> divide(to_float(X), Y);
float_divide(X, Y) -> divide(X, Y).
-doc "`%` of floats.".
-spec float_rem(value(), value()) -> value().
float_rem(X, Y) when is_integer(X), is_integer(Y) -> 'rem'(to_float(X), Y);
float_rem(X, Y) -> 'rem'(X, Y).

-doc "Unary minus.".
-spec neg(value()) -> value().
neg(nil) -> nil;
neg(X) when is_number(X) -> -X;
neg(inf) -> neg_inf;
neg(neg_inf) -> inf;
neg(nan) -> nan;
neg({'$q', N, D}) -> {'$q', -N, D};
neg(X) -> special('-', 0, X).

special(_, nil, _) -> nil;
special(_, _, nil) -> nil;
special(Op, X, Y) when is_number(X), is_number(Y) -> float_op(Op, X, Y);
special(Op, {'$cell', _, _} = X, Y) -> special(Op, mochi_cell:plain(X), Y);
special(Op, X, {'$cell', _, _} = Y) -> special(Op, X, mochi_cell:plain(Y));
special(Op, {'$q', _, _} = X, Y) -> rational(Op, X, to_bigrat(Y));
special(Op, X, {'$q', _, _} = Y) -> rational(Op, to_bigrat(X), Y);
special(Op, X, Y) ->
    case {operand(Op, X), operand(Op, Y)} of
        {A, B} when is_number(A), is_number(B) -> float_op(Op, A, B);
        {A, B} -> extended(Op, A, B)
    end.

operand(_, X) when is_number(X); X =:= inf; X =:= neg_inf; X =:= nan -> X;
operand(_, X) when is_binary(X) ->
    case number(X) of
        none -> 0;
        N -> N
    end;
operand(Op, X) -> mochi_core:fail([<<"cannot use ">>, kind(X), <<" with ">>, atom_to_binary(Op)]).

float_op('+', X, Y) ->
    try X + Y catch error:badarith -> extended('+', X, Y) end;
float_op('-', X, Y) ->
    try X - Y catch error:badarith -> extended('-', X, Y) end;
float_op('*', X, Y) ->
    try X * Y catch error:badarith -> extended('*', X, Y) end;
float_op('/', _, Y) when Y == 0 -> mochi_core:fail(<<"division by zero">>);
float_op('/', X, Y) when is_integer(X), is_integer(Y) -> X div Y;
float_op('/', X, Y) ->
    try X / Y catch error:badarith -> extended('/', X, Y) end;
float_op('%', _, Y) when Y == 0 -> mochi_core:fail(<<"division by zero">>);
float_op('%', X, Y) when is_integer(X), is_integer(Y) -> X rem Y;
float_op('%', X, Y) -> math:fmod(X, Y).

%% At least one infinity or NaN, or a result beyond the floats.
extended(Op, X, Y) when is_number(X), is_number(Y) ->
    case Op of
        '+' -> overflow(sign(X));
        '-' -> overflow(sign(X));
        '*' -> overflow(sign(X) * sign(Y));
        '/' when Y == 0 -> mochi_core:fail(<<"division by zero">>);
        '/' -> overflow(sign(X) * sign(Y));
        '%' -> float_op('%', X, Y)
    end;
extended(_, nan, _) -> nan;
extended(_, _, nan) -> nan;
extended('/', _, Y) when Y == 0 -> mochi_core:fail(<<"division by zero">>);
extended('%', _, Y) when Y == 0 -> mochi_core:fail(<<"division by zero">>);
extended('+', X, Y) ->
    case {sign_inf(X), sign_inf(Y)} of
        {0, B} -> overflow(B);
        {A, 0} -> overflow(A);
        {A, A} -> overflow(A);
        _ -> nan
    end;
extended('-', X, Y) -> extended('+', X, neg(Y));
extended('*', X, Y) ->
    case sign(X) * sign(Y) of
        0 -> nan;
        S -> overflow(S)
    end;
extended('/', X, Y) ->
    case {sign_inf(X), sign_inf(Y)} of
        {0, _} -> 0.0;
        {_, 0} -> overflow(sign(X) * sign(Y));
        _ -> nan
    end;
extended('%', X, _) when X =:= inf; X =:= neg_inf -> nan;
extended('%', X, _) -> float(X).

overflow(1) -> inf;
overflow(-1) -> neg_inf.

sign(inf) -> 1;
sign(neg_inf) -> -1;
sign(X) when X > 0 -> 1;
sign(X) when X < 0 -> -1;
sign(_) -> 0.

sign_inf(inf) -> 1;
sign_inf(neg_inf) -> -1;
sign_inf(_) -> 0.

rational('+', {'$q', A, B}, {'$q', C, D}) -> rat(A * D + C * B, B * D);
rational('-', {'$q', A, B}, {'$q', C, D}) -> rat(A * D - C * B, B * D);
rational('*', {'$q', A, B}, {'$q', C, D}) -> rat(A * C, B * D);
rational('/', _, {'$q', 0, _}) -> mochi_core:fail(<<"division by zero">>);
rational('/', {'$q', A, B}, {'$q', C, D}) -> rat(A * D, B * C);
rational('%', _, _) -> mochi_core:fail(<<"cannot use bigrat with %">>).

rat(N, D) when D < 0 -> rat(-N, -D);
rat(N, D) ->
    G = gcd(erlang:abs(N), D),
    {'$q', N div G, D div G}.

gcd(0, B) -> B;
gcd(A, 0) -> A;
gcd(A, B) -> gcd(B, A rem B).

-doc "`int(v)`, `v as int`".
-spec to_int(value()) -> integer().
to_int(N) when is_integer(N) -> N;
to_int(F) when is_float(F) -> trunc(F);
to_int(nil) -> 0;
to_int(B) when is_binary(B) ->
    try binary_to_integer(B)
    catch error:badarg -> mochi_core:fail([<<"cannot cast ">>, mochi_fmt:nested(B), <<" to int">>])
    end;
to_int({'$q', N, D}) -> N div D;
to_int(V) -> cannot(V, <<"int">>).

-doc "`float(v)`".
-spec to_float(value()) -> float() | inf | neg_inf | nan.
to_float(F) when is_float(F) -> F;
to_float(N) when is_integer(N) -> float_of(N);
to_float(nil) -> 0.0;
to_float(V) when V =:= inf; V =:= neg_inf; V =:= nan -> V;
to_float({'$q', N, D}) -> N / D;
to_float(B) when is_binary(B) ->
    case number(B) of
        none -> cannot(B, <<"float">>);
        N -> to_float(N)
    end;
to_float(V) -> cannot(V, <<"float">>).

float_of(N) ->
    try float(N)
    catch error:badarg when N > 0 -> inf;
          error:badarg -> neg_inf
    end.

-doc "`v as bigrat`".
-spec to_bigrat(value()) -> {'$q', integer(), pos_integer()} | nil.
to_bigrat({'$q', _, _} = Q) -> Q;
to_bigrat(N) when is_integer(N) -> {'$q', N, 1};
to_bigrat(F) when is_float(F) ->
    <<_:1, E:11, _:52>> = <<F/float>>,
    Shift = max(0, 1075 - E) + 1,
    %% A power of two times a float is exact.
    Scaled = scale(F, Shift),
    rat(Scaled, 1 bsl Shift);
to_bigrat(nil) -> nil;
to_bigrat(B) when is_binary(B) ->
    try
        case binary:split(B, <<"/">>) of
            [N, D] -> rat(binary_to_integer(N), binary_to_integer(D));
            [N] -> {'$q', binary_to_integer(N), 1}
        end
    catch error:_ -> cannot(B, <<"bigrat">>)
    end;
to_bigrat(V) -> cannot(V, <<"bigrat">>).

scale(F, Shift) ->
    <<S:1, E:11, M:52>> = <<F/float>>,
    Mantissa = if E =:= 0 -> M; true -> M bor (1 bsl 52) end,
    Exp = if E =:= 0 -> -1074; true -> E - 1075 end,
    V = Mantissa bsl (Exp + Shift),
    if S =:= 1 -> -V; true -> V end.

-doc "The error of a cast.".
-spec cannot(value(), binary()) -> no_return().
cannot(V, To) -> mochi_core:fail([<<"cannot cast ">>, kind(V), <<" to ">>, To]).

kind(N) when is_integer(N) -> <<"int">>;
kind(F) when is_float(F) -> <<"float">>;
kind(B) when is_binary(B) -> <<"string">>;
kind(B) when is_boolean(B) -> <<"bool">>;
kind(nil) -> <<"null">>;
kind(V) when V =:= inf; V =:= neg_inf; V =:= nan -> <<"float">>;
kind({'$v', _, _, _, _}) -> <<"list">>;
kind({'$cell', _, _} = C) -> kind(mochi_cell:plain(C));
kind({'$q', _, _}) -> <<"bigrat">>;
kind(M) when is_map(M) -> <<"map">>;
kind(F) when is_function(F) -> <<"function">>;
kind(S) when is_tuple(S), tuple_size(S) >= 2, tuple_size(element(2, S)) =:= 4 -> element(2, element(2, S));
kind(_) -> <<"value">>.

-doc "`round(x)`: half away from zero.".
-spec round(value()) -> value().
round(X) when is_float(X) -> whole(erlang:round(X), X);
round(X) -> X.

-doc "`round(x, d)`".
-spec round(value(), value()) -> value().
round(X, D) when is_number(X), is_integer(D) ->
    P = math:pow(10.0, D),
    Scaled = X * P,
    erlang:round(Scaled) / P;
round(X, _) -> X.

whole(0, X) when X < 0 -> -0.0;
whole(N, _) -> float(N).

-doc "`abs(x)`: keeps the kind.".
-spec abs(value()) -> value().
abs(X) when is_number(X) -> erlang:abs(X);
abs(neg_inf) -> inf;
abs({'$q', N, D}) -> {'$q', erlang:abs(N), D};
abs(X) -> X.

-doc "`ceil(x)`".
-spec ceil(value()) -> value().
ceil(X) when is_float(X) -> whole(erlang:ceil(X), X);
ceil(X) -> X.

-doc "`floor(x)`".
-spec floor(value()) -> value().
floor(X) when is_float(X) -> whole(erlang:floor(X), X);
floor(X) -> X.

-doc "`pow(b, e)`: exact on ints with a non-negative exponent.".
-spec pow(value(), value()) -> value().
pow(nil, _) -> nil;
pow(_, nil) -> nil;
pow(B, E) when is_integer(B), is_integer(E), E >= 0 -> int_pow(B, E, 1);
pow(B, E) when is_number(B), is_number(E) ->
    try math:pow(B, E) catch error:badarith -> if B < 0, trunc(E) == E -> neg_inf; B < 0 -> nan; true -> inf end end;
pow(B, E) -> pow(operand('^', B), operand('^', E)).

int_pow(_, 0, Acc) -> Acc;
int_pow(B, E, Acc) when E band 1 =:= 1 -> int_pow(B * B, E bsr 1, Acc * B);
int_pow(B, E, Acc) -> int_pow(B * B, E bsr 1, Acc).

-doc "`num(q)`".
-spec num(value()) -> value().
num(V) ->
    case to_bigrat(V) of
        {'$q', N, _} -> N;
        nil -> nil
    end.

-doc "`denom(q)`".
-spec denom(value()) -> value().
denom(V) ->
    case to_bigrat(V) of
        {'$q', _, D} -> D;
        nil -> nil
    end.

-doc "What a text of digits or a number means as a number; `none` for all else.".
-spec number(value()) -> number() | none.
number(N) when is_number(N) -> N;
number(B) when is_binary(B) ->
    T = string:trim(B),
    try binary_to_integer(T)
    catch error:badarg ->
            try binary_to_float(T) catch error:badarg -> none end
    end;
number(_) -> none.
